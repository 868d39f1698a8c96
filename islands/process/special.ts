/** Words of the specialists' designer; Chinese is the source, and English must have every one. */
import { speaker } from '../lib/words.ts';

const zh = {
  name: '名称', script: '算数据项', scriptHint: '每行一个：名称 = 表达式。', called: '调用哪个流程', calledHint: '调用开始时取当时在用的版本，一件事项里不再变。', given: '给它的内容', back: '带回的结果', sameField: '同名字段，不用写', mustGive: '必填，写表达式', leftEmpty: '空着', usual: '默认连线：别的都不成立时走', condition: '走这条线的条件', table: '用哪张决策表', tableHint: '输出列的名称在后面的条件和“由谁办”里可用。',
  reference: '哪一个', newName: '新的名称', addName: '新建', when: '什么时候', duration: '过多久', day: '到哪天', time: '时间', timeHint: 'P3D 是三天，PT2H 是两小时，2026-01-31 是日期；也可以写表达式。', canvas: '流程图', tables: '决策表', addTable: '加决策表', dropTable: '删除这张表', tableCode: '新决策表的代码',
  tableCodeWrong: '代码以字母开头，只含字母、数字和下划线，不与别的表重复。', noTables: '还没有决策表。规则任务用它来定去向、定人。', form: '申请表单', addField: '加字段', tableFailed: '这张决策表打不开：{why}', bpmnFailed: '流程图打不开：{why}', forget: '只删表；用到它的规则任务要另选。', fit: '整图', theirs: '对方的图', mine: '我的图', outputName: '结果', inputName: '条件', more: '元素',
}; // prettier-ignore
type Word = keyof typeof zh;
const en: Record<Word, string> = {
  name: 'Name', script: 'Items to work out', scriptHint: 'One a line: name = expression.', called: 'Process that is called', calledHint: 'The edition in force when the call begins is taken; a case keeps it.', given: 'What it is given', back: 'What comes back', sameField: 'same field, nothing to write', mustGive: 'required: an expression', leftEmpty: 'left empty', usual: 'Default flow: taken when no other holds', condition: 'Condition of this flow', table: 'Decision table', tableHint: 'Names of its outputs can be used in conditions and rules that follow.',
  reference: 'Which one', newName: 'new name', addName: 'Create', when: 'When', duration: 'after a time', day: 'on a day', time: 'Time', timeHint: 'P3D is three days, PT2H two hours, 2026-01-31 a day; or an expression.', canvas: 'Diagram', tables: 'Decision tables', addTable: 'Add a table', dropTable: 'Delete this table', tableCode: 'Code of the new table',
  tableCodeWrong: 'A code begins with a letter, has letters, digits and underscores, and no other table has it.', noTables: 'No decision tables yet. Rule tasks use them to find the way, or the people.', form: 'Request form', addField: 'Add a field', tableFailed: 'This decision table cannot be opened: {why}', bpmnFailed: 'The diagram cannot be opened: {why}', forget: 'Only the table is deleted; rule tasks that use it must be set anew.', fit: 'Fit', theirs: 'their diagram', mine: 'my diagram', outputName: 'result', inputName: 'condition', more: 'Element',
}; // prettier-ignore

export const saySpecial = speaker<Word>(zh, en);
