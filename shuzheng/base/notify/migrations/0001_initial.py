import django.db.models.deletion
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
            name='Notice',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('case_id', models.UUIDField(editable=False, null=True, verbose_name='事项')),
                ('title', models.CharField(max_length=120, verbose_name='标题')),
                ('template', models.CharField(blank=True, editable=False, max_length=80)),
                ('values', models.JSONField(blank=True, default=dict, editable=False)),
                ('link', models.CharField(blank=True, max_length=300, verbose_name='链接')),
                ('body', models.TextField(blank=True, verbose_name='正文')),
                ('must_read', models.BooleanField(default=False, verbose_name='必读')),
                ('sender_name', models.CharField(max_length=80, verbose_name='发送人')),
                ('sender_organ', models.CharField(max_length=120, verbose_name='发送单位')),
                ('due', models.DateTimeField(blank=True, null=True, verbose_name='请于此前阅读')),
                ('addressees', models.PositiveIntegerField(default=0, verbose_name='发送份数')),
                ('reminded_at', models.DateTimeField(null=True, verbose_name='最近催阅')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '通知',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='notify_notice_scope')],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('person_id', models.UUIDField(editable=False, unique=True)),
                ('channels', models.JSONField(default=list, verbose_name='渠道')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '通知方式',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='notify_preference_scope')],
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('case_id', models.UUIDField(editable=False, null=True, verbose_name='事项')),
                ('title', models.CharField(max_length=120, verbose_name='标题')),
                ('template', models.CharField(blank=True, editable=False, max_length=80)),
                ('values', models.JSONField(blank=True, default=dict, editable=False)),
                ('link', models.CharField(blank=True, max_length=300, verbose_name='链接')),
                ('post_id', models.UUIDField(editable=False, null=True)),
                ('post_name', models.CharField(blank=True, editable=False, max_length=120)),
                ('sender_organ', models.CharField(max_length=120, verbose_name='发送单位')),
                ('must_read', models.BooleanField(default=False, verbose_name='必读')),
                ('sent_at', models.DateTimeField(verbose_name='时间')),
                ('read_at', models.DateTimeField(null=True, verbose_name='阅读时间')),
                ('read_by', models.CharField(blank=True, max_length=80, verbose_name='阅读人')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='receipts', to='notify.notice')),
            ],
            options={
                'verbose_name': '通知回执',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'sent_at'], name='notify_receipt_inbox'), models.Index(condition=models.Q(('read_at', None)), fields=['path'], name='notify_receipt_unread'), models.Index(condition=models.Q(('read_at', None)), fields=['post_id'], name='notify_receipt_post')],
                'constraints': [models.UniqueConstraint(fields=('notice', 'node', 'post_id'), name='notify_receipt_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Todo',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('title', models.CharField(max_length=120, verbose_name='标题')),
                ('template', models.CharField(blank=True, editable=False, max_length=80)),
                ('values', models.JSONField(blank=True, default=dict, editable=False)),
                ('link', models.CharField(blank=True, max_length=300, verbose_name='链接')),
                ('kind', models.CharField(max_length=60, verbose_name='类别')),
                ('post_id', models.UUIDField(editable=False, null=True)),
                ('permission', models.CharField(blank=True, editable=False, max_length=80)),
                ('due', models.DateTimeField(blank=True, null=True, verbose_name='期限')),
                ('source_model', models.CharField(editable=False, max_length=80)),
                ('source_id', models.CharField(editable=False, max_length=40)),
                ('closed_at', models.DateTimeField(editable=False, null=True, verbose_name='办结时间')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '待办',
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('closed_at', None)), fields=['path', 'due'], name='notify_todo_waiting')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('source_model', 'source_id', 'kind', 'node', 'post_id'), name='notify_todo_open', nulls_distinct=False)],
            },
        ),
    ]
