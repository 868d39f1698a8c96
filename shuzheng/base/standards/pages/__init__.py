"""The standards in the portal."""

from shuzheng.base.standards.pages import browse, calendar, compare, conformance, drafts

urlpatterns = [
    *browse.urlpatterns,
    *calendar.urlpatterns,
    *compare.urlpatterns,
    *conformance.urlpatterns,
    *drafts.urlpatterns,
]
