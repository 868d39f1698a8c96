/** Answers each line `{"form": …, "env": …}` on standard input with a line `{"value": …}` or `{"error": …}`. */
import { createInterface } from 'node:readline';
import { compile, ExprError } from '../../islands/expr.ts';

for await (const line of createInterface({ input: process.stdin })) {
  const { form, env } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ value: compile(form)(env) }));
  } catch (fault) {
    if (!(fault instanceof ExprError)) throw fault;
    console.log(JSON.stringify({ error: fault.message }));
  }
}
