import django.db.models.deletion
import shuzheng.base.collect.models
import shuzheng.base.core.models
import shuzheng.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('org', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('title', models.CharField(max_length=120, verbose_name='标题')),
                ('intro', models.TextField(blank=True, max_length=2000, verbose_name='说明')),
                ('questions', models.JSONField(default=list, verbose_name='问题')),
                ('audience', models.CharField(choices=[('own', '本单位人员'), ('level', '本级各单位'), ('below', '下一级主管部门'), ('list', '名单上的单位和人员'), ('link', '有链接的已登录人员'), ('open', '有链接的任何人，不登录')], db_column='asks', default='own', max_length=6, verbose_name='收集对象')),
                ('names', models.TextField(blank=True, max_length=20000, verbose_name='名单')),
                ('per', models.CharField(choices=[('person', '每人一份'), ('organ', '每单位一份'), ('any', '不限份数')], default='person', max_length=6, verbose_name='份数')),
                ('closes_at', models.DateTimeField(verbose_name='截止时间')),
                ('state', models.CharField(choices=[('draft', '草稿'), ('open', '收集中'), ('closed', '已结束')], default='draft', max_length=6, verbose_name='状态')),
                ('is_anonymous', models.BooleanField(default=False, verbose_name='匿名')),
                ('may_edit', models.BooleanField(default=True, verbose_name='截止前可改')),
                ('max_answers', models.PositiveIntegerField(blank=True, null=True, verbose_name='最多份数')),
                ('purpose', models.CharField(blank=True, max_length=200, verbose_name='收集目的')),
                ('keep_until', models.DateField(verbose_name='答卷保存至')),
                ('purged_at', models.DateTimeField(editable=False, null=True, verbose_name='答卷删除时间')),
                ('token', models.CharField(default=shuzheng.base.collect.models.new_token, editable=False, max_length=32, unique=True)),
                ('asked', models.PositiveIntegerField(default=0, verbose_name='应填')),
                ('once', models.JSONField(blank=True, default=dict, verbose_name='重复问题的决定')),
                ('maker', models.CharField(blank=True, max_length=80, verbose_name='发起人')),
                ('opened_at', models.DateTimeField(null=True, verbose_name='发出时间')),
                ('reminded_at', models.DateTimeField(null=True, verbose_name='催填时间')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '收集表',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='collect_collection_scope'), models.Index(fields=['keep_until'], name='collect_keep')],
            },
        ),
        migrations.CreateModel(
            name='Asked',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('case_id', models.UUIDField(editable=False, null=True, verbose_name='事项')),
                ('person_id', models.UUIDField(editable=False, null=True)),
                ('name', models.CharField(max_length=120, verbose_name='对象')),
                ('is_answered', models.BooleanField(default=False, verbose_name='已填')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='填写时间')),
                ('answered_by', models.CharField(blank=True, max_length=80, verbose_name='填写人')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
                ('collection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='asked_rows', to='collect.collection')),
            ],
            options={
                'verbose_name': '收集对象',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='collect_asked_scope'), models.Index(fields=['person_id'], name='collect_asked_person'), models.Index(fields=['case_id'], name='collect_asked_case')],
                'constraints': [models.UniqueConstraint(fields=('collection', 'node', 'person_id'), name='collect_asked_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('respondent', models.CharField(db_collation='C', editable=False, max_length=80)),
                ('ticket', models.CharField(db_collation='C', editable=False, max_length=64)),
                ('by', models.CharField(blank=True, max_length=80, verbose_name='填写人')),
                ('organ_name', models.CharField(blank=True, max_length=120, verbose_name='单位')),
                ('sent_on', models.DateField(verbose_name='提交日期')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='提交时间')),
                ('files', models.JSONField(blank=True, default=dict, verbose_name='文件')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
                ('collection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='answers', to='collect.collection')),
            ],
            options={
                'verbose_name': '答卷',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='collect_answer_scope')],
                'constraints': [models.UniqueConstraint(fields=('collection', 'respondent'), name='collect_answer_once'), models.UniqueConstraint(fields=('collection', 'ticket'), name='collect_answer_ticket')],
            },
        ),
        migrations.CreateModel(
            name='Value',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('code', models.CharField(db_collation='C', max_length=12)),
                ('text', models.TextField(blank=True)),
                ('number', models.DecimalField(decimal_places=6, max_digits=24, null=True)),
                ('day', models.DateField(null=True)),
                ('sealed', models.TextField(blank=True)),
                ('answer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='values', to='collect.answer')),
                ('collection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='collect.collection')),
            ],
            options={
                'verbose_name': '答案',
                'indexes': [models.Index(fields=['collection', 'code'], name='collect_value_code'), models.Index(fields=['path', 'id'], name='collect_value_scope')],
            },
        ),
    ]
