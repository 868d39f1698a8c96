import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import shuzheng.base.core.models
import shuzheng.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Node',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('name', models.CharField(max_length=120, verbose_name='名称')),
                ('short_name', models.CharField(blank=True, max_length=40, verbose_name='简称')),
                ('kind', models.CharField(choices=[('division', '行政区划'), ('organ', '机关单位'), ('department', '内设机构')], max_length=12, verbose_name='类别')),
                ('type', models.CharField(blank=True, choices=[('1', '国家机关'), ('21', '教育类事业单位'), ('22', '科技类事业单位'), ('23', '文化类事业单位'), ('24', '卫生类事业单位'), ('25', '体育类事业单位'), ('29', '其他事业单位'), ('3', '团体组织')], max_length=4, verbose_name='机构类型')),
                ('level', models.CharField(blank=True, max_length=8, verbose_name='机构规格')),
                ('uscc', models.CharField(blank=True, max_length=18, verbose_name='统一社会信用代码')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=24, verbose_name='代码')),
                ('tier', models.PositiveSmallIntegerField(choices=[(1, '国家'), (2, '省级'), (3, '市级'), (4, '县级')], verbose_name='层级')),
                ('is_reporting', models.BooleanField(default=False, verbose_name='公共机构名录')),
                ('valid_from', models.DateField(verbose_name='启用日期')),
                ('valid_to', models.DateField(blank=True, null=True, verbose_name='停用日期')),
                ('home', models.CharField(blank=True, editable=False, max_length=40, verbose_name='主站')),
                ('pinyin', models.CharField(blank=True, db_collation='C', editable=False, max_length=400)),
                ('initials', models.CharField(blank=True, db_collation='C', editable=False, max_length=120, verbose_name='拼音首字母')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('division', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='所在区划')),
                ('organ', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='所属机关')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='org.node', verbose_name='上级')),
            ],
            options={
                'verbose_name': '节点',
                'indexes': [models.Index(fields=['parent', 'pinyin'], name='org_node_children'), models.Index(fields=['initials'], name='org_node_initials'), models.Index(fields=['kind', 'path'], name='org_node_kind')],
                'constraints': [models.UniqueConstraint(fields=('path',), name='org_node_path'), models.UniqueConstraint(condition=models.Q(models.Q(('uscc', ''), _negated=True), ('valid_to', None)), fields=('uscc',), name='org_node_uscc')],
            },
        ),
        migrations.CreateModel(
            name='Competence',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('line', models.CharField(max_length=30, verbose_name='业务条线')),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('division', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='区划')),
                ('organ', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='主管部门')),
            ],
            options={
                'verbose_name': '主管部门',
                'indexes': [models.Index(fields=['organ'], name='org_competence_organ')],
            },
        ),
        migrations.CreateModel(
            name='NodeVersion',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('name', models.CharField(max_length=120, verbose_name='名称')),
                ('short_name', models.CharField(blank=True, max_length=40, verbose_name='简称')),
                ('kind', models.CharField(choices=[('division', '行政区划'), ('organ', '机关单位'), ('department', '内设机构')], max_length=12, verbose_name='类别')),
                ('type', models.CharField(blank=True, choices=[('1', '国家机关'), ('21', '教育类事业单位'), ('22', '科技类事业单位'), ('23', '文化类事业单位'), ('24', '卫生类事业单位'), ('25', '体育类事业单位'), ('29', '其他事业单位'), ('3', '团体组织')], max_length=4, verbose_name='机构类型')),
                ('level', models.CharField(blank=True, max_length=8, verbose_name='机构规格')),
                ('uscc', models.CharField(blank=True, max_length=18, verbose_name='统一社会信用代码')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=24)),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='有效期')),
                ('recorded_at', models.DateTimeField(auto_now_add=True)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='org.node')),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node')),
                ('successor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessors', to='org.node')),
            ],
            options={
                'verbose_name': '节点版本',
                'indexes': [models.Index(fields=['parent'], name='org_nodeversion_parent'), models.Index(fields=['path'], name='org_nodeversion_path')],
                'constraints': [models.UniqueConstraint(models.F('node'), django.contrib.postgres.fields.ranges.RangeStartsWith('valid'), name='org_nodeversion_from'), models.UniqueConstraint(models.F('node'), django.contrib.postgres.fields.ranges.RangeEndsWith('valid'), name='org_nodeversion_to', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='OrganProfile',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('staff_admin', models.PositiveIntegerField(default=0, verbose_name='行政编制')),
                ('staff_civil', models.PositiveIntegerField(default=0, verbose_name='参公编制')),
                ('staff_public', models.PositiveIntegerField(default=0, verbose_name='事业编制')),
                ('staff_worker', models.PositiveIntegerField(default=0, verbose_name='工勤编制')),
                ('staff_actual', models.PositiveIntegerField(default=0, verbose_name='编制内实有人数')),
                ('staff_contract', models.PositiveIntegerField(default=0, verbose_name='编外聘用')),
                ('staff_retired', models.PositiveIntegerField(default=0, verbose_name='离退休')),
                ('energy_headcount', models.PositiveIntegerField(default=0, verbose_name='用能人数')),
                ('floor_area', models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name='建筑面积')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='地址')),
                ('contact', models.CharField(blank=True, max_length=40, verbose_name='联系人')),
                ('telephone', models.CharField(blank=True, max_length=40, verbose_name='联系电话')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '机构信息',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='org_organprofile_scope')],
                'constraints': [models.UniqueConstraint(fields=('node',), name='org_organprofile_node')],
            },
        ),
        migrations.CreateModel(
            name='Reorganisation',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('verb', models.CharField(choices=[('create', '建立'), ('rename', '更名'), ('move', '划转'), ('merge', '合并'), ('split', '拆分'), ('abolish', '撤销')], max_length=8, verbose_name='事项')),
                ('on', models.DateField(verbose_name='生效日期')),
                ('state', models.CharField(choices=[('planned', '待生效'), ('applied', '已生效'), ('cancelled', '已取消')], default='planned', max_length=10, verbose_name='状态')),
                ('values', models.JSONField(default=dict, verbose_name='内容')),
                ('result', models.JSONField(default=dict, verbose_name='结果')),
                ('basis', models.CharField(blank=True, max_length=200, verbose_name='依据')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '机构调整',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='org_reorganisation_scope')],
            },
        ),
    ]
