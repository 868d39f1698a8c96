import django.contrib.postgres.fields
import django.db.models.deletion
import shuzheng.base.core.models
import shuzheng.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('org', '0001_initial'),
        ('stats', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertRule',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('name', models.CharField(max_length=80, verbose_name='预警')),
                ('indicator', models.CharField(max_length=60, verbose_name='指标')),
                ('by', models.CharField(blank=True, max_length=12, verbose_name='看到哪一层')),
                ('where', models.JSONField(default=dict, editable=False)),
                ('kind', models.CharField(choices=[('condition', '条件'), ('deviation', '偏离以往（标准差）'), ('range', '超出以往范围')], default='condition', max_length=10, verbose_name='方式')),
                ('condition', models.CharField(blank=True, max_length=500, verbose_name='条件')),
                ('factor', models.DecimalField(decimal_places=2, default=3, max_digits=5, verbose_name='倍数')),
                ('level', models.CharField(choices=[('warn', '预警'), ('over', '超标')], default='warn', max_length=5, verbose_name='级别')),
                ('made_by', models.UUIDField(editable=False)),
                ('posts', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='通知岗位')),
                ('is_active', models.BooleanField(default=True, verbose_name='启用')),
                ('checked_at', models.DateTimeField(null=True, verbose_name='最近检查')),
                ('checked', models.PositiveIntegerField(default=0, verbose_name='检查数')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '预警规则',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='stats_alertrule_scope')],
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('period', models.CharField(max_length=24, verbose_name='报告期')),
                ('key', models.CharField(blank=True, max_length=64)),
                ('label', models.CharField(max_length=160, verbose_name='对象')),
                ('value', models.DecimalField(decimal_places=10, max_digits=30, verbose_name='数值')),
                ('reason', models.CharField(max_length=20)),
                ('values', models.JSONField(default=dict)),
                ('level', models.CharField(choices=[('warn', '预警'), ('over', '超标')], max_length=5, verbose_name='级别')),
                ('state', models.CharField(choices=[('open', '待处置'), ('seen', '已处置'), ('over', '已恢复')], default='open', max_length=5, verbose_name='状态')),
                ('seen_by', models.CharField(blank=True, max_length=80, verbose_name='处置人')),
                ('seen_at', models.DateTimeField(null=True, verbose_name='处置时间')),
                ('seen_note', models.CharField(blank=True, max_length=300, verbose_name='处置说明')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='stats.alertrule')),
            ],
            options={
                'verbose_name': '统计预警',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='stats_alert_scope'), models.Index(condition=models.Q(('state', 'open')), fields=['path'], name='stats_alert_open')],
                'constraints': [models.UniqueConstraint(fields=('rule', 'period', 'key'), name='stats_alert_once')],
            },
        ),
        migrations.CreateModel(
            name='Brief',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('name', models.CharField(max_length=80, verbose_name='简报')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='说明')),
                ('query', models.CharField(editable=False, max_length=2000)),
                ('every', models.CharField(choices=[('week', '每周一'), ('month', '每月 1 日'), ('quarter', '每季首日')], default='month', max_length=8, verbose_name='频次')),
                ('posts', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None, verbose_name='收件岗位')),
                ('next_on', models.DateField(verbose_name='下次')),
                ('is_active', models.BooleanField(default=True, verbose_name='启用')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '统计简报',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='stats_brief_scope'), models.Index(condition=models.Q(('is_active', True)), fields=['next_on'], name='stats_brief_due')],
            },
        ),
        migrations.CreateModel(
            name='BriefCopy',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('brief_id', models.UUIDField(editable=False)),
                ('day', models.DateField(verbose_name='日期')),
                ('post_id', models.UUIDField(editable=False)),
                ('name', models.CharField(max_length=80, verbose_name='简报')),
                ('query', models.CharField(editable=False, max_length=2000)),
                ('sender', models.CharField(max_length=160, verbose_name='发送单位')),
                ('table', models.JSONField(default=dict, editable=False)),
                ('as_of', models.DateTimeField(null=True, verbose_name='数据截至')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '简报副本',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='stats_briefcopy_scope')],
                'constraints': [models.UniqueConstraint(fields=('brief_id', 'day', 'post_id'), name='stats_briefcopy_once')],
            },
        ),
        migrations.CreateModel(
            name='View',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('name', models.CharField(max_length=80, verbose_name='名称')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='说明')),
                ('query', models.CharField(editable=False, max_length=2000)),
                ('post_id', models.UUIDField(editable=False, null=True)),
                ('origin', models.UUIDField(editable=False, null=True)),
                ('shared_by', models.CharField(blank=True, editable=False, max_length=160, verbose_name='分享人')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '统计视图',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='stats_view_scope')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('origin__isnull', False)), fields=('origin', 'node', 'post_id'), name='stats_view_shared_once', nulls_distinct=False)],
            },
        ),
    ]
