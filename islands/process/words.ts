/** Words of the designers of processes; Chinese is the source, and English must have every one. */
import { speaker } from '../lib/words.ts';

const zh = {
  steps: '步骤', form: '申请表单', undo: '撤销', redo: '重做', start: '发起', end: '办结', settings: '流程信息', add: '加一步', addHere: '在这里加一步',
  approve: '审批', handle: '办理', read: '传阅', copy: '抄送', branch: '条件分支', together: '并行办理',
  approveWhy: '同意或不同意', handleWhy: '做完交回', readWhy: '等都读过再往下', copyWhy: '知会，不等', branchWhy: '按条件走其中一路', togetherWhy: '几路同时办，都完再合',
  up: '上移', down: '下移', twin: '照抄一步', remove: '删除', drag: '拖到别处', arm: '第 {n} 路', armName: '这一路叫什么', addArm: '加一路', otherwise: '其余情形', noCondition: '还没写条件',
  empty: '这一路不经任何人', name: '名称', nameEn: '英文名', title: '事项标题', titleHint: '插入表单里的内容：', group: '类别', about: '说明', basis: '依据', code: '代码', codeFixed: '发布过的事项按它归类，不能改。',
  withdraw: '发起人什么时候可以撤回', undecided: '当前环节还没人表态时', first: '第一步还没人表态时', never: '不能撤回',
  kind: '做什么', who: '由谁办', addWho: '加人', cc: '办完抄送给', addCc: '加抄送', nobody: '还没定由谁办',
  mode: '几个人怎么办', single: '单人', any: '或签', all: '会签', share: '按比例会签', veto: '一票否决', sequence: '依次', claim: '抢办',
  singleWhy: '一个人办', anyWhy: '一人办了就算', allWhy: '都要表态，一人不同意即不同意', shareWhy: '同意的够数就过', vetoWhy: '一人不同意立即结束', sequenceWhy: '一个接一个', claimWhy: '谁先接谁办',
  shareOf: '同意的比例至少', refuse: '不同意之后', refuse_end: '办结，不通过', refuse_start: '退回发起人', refuse_previous: '退回上一步', refuse_go: '照走，由后面的条件定',
  back: '可以退回到', back_any: '前面任一步', back_start: '发起人', back_previous: '上一步', back_none: '不能退回',
  emptyRule: '找不到人时', empty_admin: '交业务管理员', empty_skip: '跳过这一步', empty_refuse: '不让上一步办出去',
  limits: '时限', due: '限时', overdue: '超时之后', overdue_remind: '提醒', overdue_escalate: '转给负责人', overdue_pass: '自动通过', overdue_return: '自动退回', every: '每隔多久催一次', noLimit: '不限',
  d: '个工作日', h: '小时', m: '分钟', limit: '限 {n}', skip: '前面已由同一人办过，自动通过', rights: '字段权限', right_read: '只读', right_edit: '可改', right_required: '必填', right_hidden: '看不到',
  fields: '字段', addField: '加字段', label: '字段名称', labelEn: '英文名称', fieldKind: '类型', text: '一行文字', long: '多行文字', number: '数', money: '金额', date: '日期', choice: '单选', choices: '多选', boolean: '是/否',
  required: '必填', unit: '单位', options: '选项，一行一个', help: '填写提示', startRight: '发起时', codeHint: '条件里用它称呼这一项：字母开头，含字母、数字、下划线或汉字。', codeWrong: '代码要以字母或汉字开头，只含字母、数字、下划线和汉字，并且不与别的字段重复。',
  newField: '字段 {n}', noFields: '还没有字段', condition: '走这一路的条件', conditionHint: '留空即“其余情形”：别的都不成立时走这里。', asText: '写成表达式', asRows: '用选项填', addTerm: '加条件', and: '都成立', or: '有一条成立',
  eq: '是', ne: '不是', lt: '小于', le: '不超过', gt: '超过', ge: '不低于', before: '早于', after: '晚于', notBefore: '不早于', notAfter: '不晚于', yes: '是', no: '否', pick: '选…', tooMuch: '这个条件只能写成表达式。',
  exprHint: '可用：字段代码、result、starter.tier、is_urgent、{step}.result；例：amount > 5000 and kind = "车辆"', lastResult: '上一步的结论', stepResult: '“{name}”的结论', agreed: '“{name}”同意人数', refused: '“{name}”不同意人数', passed: '同意', refusedIt: '不同意',
  urgent: '加急', starterTier: '发起人的层级', starterHead: '发起人是负责人', nation: '国家', province: '省', prefecture: '市', county: '县',
  w_head: '部门负责人', w_starter: '发起人本人', w_chosen: '上一步选定的人', w_role: '角色', w_post: '岗位', w_person: '指定人员', w_expr: '表达式', w_place: '哪里的', w_line: '条线', w_findPost: '岗位名称', w_findPerson: '姓名、首字母或工号', w_findNode: '单位名称', w_exprHint: '算出一条规则或工号，决策表的输出列也写在这里：= 列名',
  putIn: '加上', cancel: '取消', number_: '工号 {n}', organ: '本单位', checks: '检查', sound: '没有发现问题', mustMend: '改正 {n} 处才能发布', doubtful: '{n} 处看看是不是本意', mayPublish: '可以发布', locate: '定位', map: '流程图', mapNote: '随改随画',
  publishAnyway: '照样发布', publishAsk: '发布后就用这一版。这 {n} 处看过了吗？', look: '再看看', count: '{steps} 步，{fields} 个字段', hint: '↑↓ 选步骤，Alt+↑↓ 移动，Delete 删除，Ctrl+Z 撤销', close: '收起', gone: '已删除“{name}”',
  standard: '作为标准被采用时', holdStep: '这一步', holdAll: '各步骤', hold_usual: '同整个流程', hold_kept: '保留；可改由谁办，时限可缩短', hold_fixed: '一点不能改', hold_free: '可以改、可以删', adding: '能否加步骤', adding_free: '可以', adding_none: '不可以',
  fieldCount: '表单 {n} 项', whole: '整个流程', noMap: '还没有图',
}; // prettier-ignore

type Word = keyof typeof zh;

const en: Record<Word, string> = {
  steps: 'Steps', form: 'Request form', undo: 'Undo', redo: 'Redo', start: 'Start', end: 'End', settings: 'Process', add: 'Add a step', addHere: 'Add a step here',
  approve: 'Approve', handle: 'Handle', read: 'Read', copy: 'Copy', branch: 'Condition', together: 'Side by side',
  approveWhy: 'agree or refuse', handleWhy: 'do it and hand back', readWhy: 'go on when all have read', copyWhy: 'tell, do not wait', branchWhy: 'one way, by condition', togetherWhy: 'all ways at once, then join',
  up: 'Move up', down: 'Move down', twin: 'Duplicate', remove: 'Delete', drag: 'Drag elsewhere', arm: 'Way {n}', armName: 'Name of this way', addArm: 'Add a way', otherwise: 'otherwise', noCondition: 'no condition yet',
  empty: 'nobody on this way', name: 'Name', nameEn: 'English name', title: 'Title of a request', titleHint: 'Insert from the form:', group: 'Group', about: 'About', basis: 'Basis', code: 'Code', codeFixed: 'Requests are grouped by it; it cannot change.',
  withdraw: 'When the starter may take it back', undecided: 'while nobody has decided the present step', first: 'while nobody has decided the first step', never: 'never',
  kind: 'What is done', who: 'By whom', addWho: 'Add people', cc: 'Then copied to', addCc: 'Add a copy', nobody: 'nobody named yet',
  mode: 'How several do it', single: 'One person', any: 'Any one', all: 'All', share: 'A share', veto: 'Veto', sequence: 'In turn', claim: 'First taker',
  singleWhy: 'one person does it', anyWhy: 'the first one decides', allWhy: 'all are heard; one refusal refuses', shareWhy: 'passes when enough agree', vetoWhy: 'the first refusal ends it', sequenceWhy: 'one after the other', claimWhy: 'who takes it does it',
  shareOf: 'Share that must agree', refuse: 'After a refusal', refuse_end: 'end, not approved', refuse_start: 'back to the starter', refuse_previous: 'back to the previous step', refuse_go: 'go on; a later condition decides',
  back: 'May be returned to', back_any: 'any earlier step', back_start: 'the starter', back_previous: 'the previous step', back_none: 'not at all',
  emptyRule: 'When nobody is found', empty_admin: 'the business administrator', empty_skip: 'skip this step', empty_refuse: 'the step before cannot be left',
  limits: 'Time limits', due: 'Limit', overdue: 'When overdue', overdue_remind: 'remind', overdue_escalate: 'hand to the head', overdue_pass: 'pass automatically', overdue_return: 'return automatically', every: 'Remind every', noLimit: 'none',
  d: 'working days', h: 'hours', m: 'minutes', limit: 'limit {n}', skip: 'Pass at once where the same person has decided before', rights: 'Rights to fields', right_read: 'read', right_edit: 'edit', right_required: 'required', right_hidden: 'hidden',
  fields: 'Fields', addField: 'Add a field', label: 'Name of the field', labelEn: 'English name', fieldKind: 'Kind', text: 'one line', long: 'several lines', number: 'number', money: 'money', date: 'date', choice: 'one of', choices: 'some of', boolean: 'yes/no',
  required: 'required', unit: 'Unit', options: 'Options, one a line', help: 'Hint', startRight: 'At the start', codeHint: 'Its name in conditions: begins with a letter; letters, digits, underscores, Chinese characters.', codeWrong: 'A code begins with a letter or Chinese character, has only those, digits and underscores, and no other field has it.',
  newField: 'Field {n}', noFields: 'No fields yet', condition: 'Condition of this way', conditionHint: 'Empty means otherwise: taken when no other holds.', asText: 'Write an expression', asRows: 'Fill in choices', addTerm: 'Add a condition', and: 'all hold', or: 'one holds',
  eq: 'is', ne: 'is not', lt: 'below', le: 'at most', gt: 'above', ge: 'at least', before: 'before', after: 'after', notBefore: 'not before', notAfter: 'not after', yes: 'yes', no: 'no', pick: 'choose…', tooMuch: 'This condition can only be written as an expression.',
  exprHint: 'You may use codes of fields, result, starter.tier, is_urgent, {step}.result; such as: amount > 5000 and kind = "car"', lastResult: 'Result of the step before', stepResult: 'Result of “{name}”', agreed: 'Agreed in “{name}”', refused: 'Refused in “{name}”', passed: 'agreed', refusedIt: 'refused',
  urgent: 'Urgent', starterTier: 'Tier of the starter', starterHead: 'The starter is a head', nation: 'nation', province: 'province', prefecture: 'prefecture', county: 'county',
  w_head: 'head of department', w_starter: 'the starter', w_chosen: 'chosen by the step before', w_role: 'role', w_post: 'post', w_person: 'person', w_expr: 'expression', w_place: 'where', w_line: 'line', w_findPost: 'name of the post', w_findPerson: 'name, initials or number', w_findNode: 'name of the organ', w_exprHint: 'Gives a rule or a staff number; an output column of a decision table, too: = column',
  putIn: 'Add', cancel: 'Cancel', number_: 'no. {n}', organ: 'own organ', checks: 'Check', sound: 'Nothing found', mustMend: 'Correct {n}, then publish', doubtful: '{n} to look at', mayPublish: 'Can be published', locate: 'Locate', map: 'Diagram', mapNote: 'drawn as you go',
  publishAnyway: 'Publish anyway', publishAsk: 'This edition will be used from now on. Have you looked at these {n}?', look: 'Look again', count: '{steps} steps, {fields} fields', hint: '↑↓ choose, Alt+↑↓ move, Delete removes, Ctrl+Z undoes', close: 'Close', gone: '“{name}” deleted',
  standard: 'When adopted as a standard', holdStep: 'This step', holdAll: 'Its steps', hold_usual: 'as the whole process', hold_kept: 'stays; who does it may change, limits may shorten', hold_fixed: 'stays as it is', hold_free: 'may be changed or dropped', adding: 'Steps may be added', adding_free: 'yes', adding_none: 'no',
  fieldCount: '{n} form fields', whole: 'The whole process', noMap: 'No diagram yet',
}; // prettier-ignore

export const say = speaker<Word>(zh, en);
export type { Word };
