from shuzheng.base.core.manifest import ShuzhengAppConfig


class AccountsConfig(ShuzhengAppConfig):
    name = "shuzheng.base.accounts"
    label = "accounts"
    modules = ("actions", "signin", "account_actions", "reorganise")
