"""BPMN 2.0 read and checked, without running it.

    model = read(xml)
    for finding in check(model, Surroundings(names={"金额": Domain(NUMBER)})):
        print(finding)  # 第 12 行：“金额多大”有情形无路可走：金额 等于 1000时没有一条出线的条件成立，也没有默认出线

The check knows the drawing as a graph (`structure.py`), plays its tokens in every order (`net.py`, `game.py`), runs its
conditions on every case they tell apart (`conditions.py`), and looks at what single elements must say (`details.py`).
"""

from shuzheng.kernel.bpmn.certain import Certain, certain
from shuzheng.kernel.bpmn.check import check
from shuzheng.kernel.bpmn.model import Model, Node, Scope
from shuzheng.kernel.bpmn.read import BpmnError, read
from shuzheng.kernel.bpmn.surroundings import Surroundings

__all__ = ["BpmnError", "Certain", "Model", "Node", "Scope", "Surroundings", "certain", "check", "read"]
