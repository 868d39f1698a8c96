"""How the register and the ledger follow a change of the tree.

A ledger goes with its institution, and stays with one that was absorbed: what it used then was its own. Lines of the
register stay, too; ``events`` ends those of institutions that have ended.
"""

from shuzheng.base.org.handlers import Handler, register

register("energy.member", Handler(follows={"superior": ""}, keeps=frozenset({"successor"}), stays=True))
register("energy.month", Handler(stays=True))
