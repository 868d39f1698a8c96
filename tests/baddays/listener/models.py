"""What was heard. Nothing unique: an event that took effect twice would stand here twice."""

from django.db import models


class Heard(models.Model):
    event = models.UUIDField()
    record = models.UUIDField()
