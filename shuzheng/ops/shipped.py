"""What ships with the platform (standards, reporting forms, processes), put into a deployment: at ``init`` and at each upgrade."""

from __future__ import annotations

import argparse
import sys

from shuzheng.base.access import init
from shuzheng.base.core.actor import system_actor
from shuzheng.base.flows.shipped import load_flows
from shuzheng.base.forms.shipped import load_forms
from shuzheng.base.org.models import Node
from shuzheng.base.standards.load import content_owner, load_standards


def load() -> int:
    """Bring shipped content in step with this version, published by the root's office; how many forms and processes are new.

    Nothing that the deployment has made of it is overwritten; without nodes there is nothing to do.
    """
    actor = system_actor("standards.load")
    with actor.scope.activate():
        if not Node.objects.exists():
            return 0
        owner = content_owner()
    load_standards()
    return len(load_forms(actor, owner)) + len(load_flows(actor, owner))


def init_command(args: argparse.Namespace) -> int:
    """``shuzheng init [--name NAME]``."""
    if code := init.command(args):
        return code
    sys.stdout.write(f"已装入内置标准、报表和业务流程规范（{load()} 项）。\n")
    return 0


def command(args: argparse.Namespace) -> int:
    """``shuzheng load``: after an upgrade, or again; what is there already stays."""
    sys.stdout.write(f"内置标准、报表和业务流程规范已与本版本一致，新装入 {load()} 项。\n")
    return 0
