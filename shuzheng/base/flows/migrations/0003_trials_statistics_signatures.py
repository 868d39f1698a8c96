import django.db.models.deletion
import shuzheng.base.core.models
import shuzheng.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('flows', '0002_library'),
        ('org', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Phrase',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('person_id', models.UUIDField(editable=False)),
                ('text', models.CharField(max_length=200, verbose_name='常用语')),
                ('place', models.PositiveIntegerField(default=0, editable=False)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '常用语',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='flows_phrase_scope'), models.Index(fields=['person_id', 'place'], name='flows_phrase_own')],
            },
        ),
        migrations.CreateModel(
            name='Signature',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('person_id', models.UUIDField(editable=False)),
                ('person', models.CharField(max_length=80, verbose_name='签名人')),
                ('picture', models.UUIDField(editable=False, null=True)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '手写签名',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='flows_signature_scope')],
                'constraints': [models.UniqueConstraint(fields=('node', 'person_id'), name='flows_signature_person')],
            },
        ),
        migrations.AddField(
            model_name='definition',
            name='trials',
            field=models.JSONField(blank=True, default=list, verbose_name='测试用例'),
        ),
        migrations.AddField(
            model_name='opinion',
            name='given',
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.AddField(
            model_name='opinion',
            name='signature',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['definition', 'started_at'], name='flows_case_counted'),
        ),
    ]
