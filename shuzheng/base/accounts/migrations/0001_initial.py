import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import shuzheng.base.accounts.models
import shuzheng.base.core.models
import shuzheng.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('org', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('username', models.CharField(max_length=60, unique=True, verbose_name='账号')),
                ('is_active', models.BooleanField(default=True, verbose_name='启用')),
                ('password_changed_at', models.DateTimeField(null=True, verbose_name='密码更改时间')),
                ('must_change_password', models.BooleanField(default=False, verbose_name='下次登录须改密码')),
                ('stamp', models.CharField(default=shuzheng.base.accounts.models.new_stamp, editable=False, max_length=32)),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='语言')),
                ('density', models.CharField(blank=True, max_length=10, verbose_name='疏密')),
                ('acting_post', models.UUIDField(editable=False, null=True)),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                'verbose_name': '账号',
            },
        ),
        migrations.CreateModel(
            name='CacheEntry',
            fields=[
                ('cache_key', models.CharField(max_length=255, primary_key=True, serialize=False)),
                ('value', models.TextField()),
                ('expires', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': '登录缓存',
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField(verbose_name='失效时间')),
                ('used_at', models.DateTimeField(null=True, verbose_name='使用时间')),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('made_by', models.UUIDField(null=True)),
                ('needs_second', models.BooleanField(default=False, verbose_name='须第二人核准')),
                ('confirmed_by', models.UUIDField(null=True)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '一次性码',
            },
        ),
        migrations.CreateModel(
            name='PasswordPast',
            fields=[
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('password', models.CharField(max_length=128)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='past_passwords', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '历史密码',
            },
        ),
        migrations.CreateModel(
            name='PasswordPolicy',
            fields=[
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('valid_from', models.DateField(verbose_name='启用日期')),
                ('min_length', models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(8), django.core.validators.MaxValueValidator(64)], verbose_name='密码最短长度（位）')),
                ('classes', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(4)], verbose_name='密码至少含几类字符')),
                ('history', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MaxValueValidator(24)], verbose_name='不得与最近几次密码相同')),
                ('max_age_days', models.PositiveSmallIntegerField(default=90, verbose_name='密码有效期（天，0 为不限）')),
                ('tries', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(3), django.core.validators.MaxValueValidator(10)], verbose_name='同一地址连续错几次锁定')),
                ('account_tries', models.PositiveSmallIntegerField(default=20, validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(100)], verbose_name='同一账号合计错几次锁定')),
                ('lock_minutes', models.PositiveSmallIntegerField(default=15, validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(1440)], verbose_name='锁定时长（分钟）')),
                ('idle_minutes', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(720)], verbose_name='多久不操作须重新登录（分钟）')),
                ('invitation_hours', models.PositiveSmallIntegerField(default=72, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(720)], verbose_name='一次性码有效期（小时）')),
                ('second_factor', models.CharField(choices=[('nobody', '自愿'), ('officers', '三员必须'), ('all', '全员必须')], default='nobody', max_length=10, verbose_name='第二因素')),
                ('recorded_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': '登录规则',
                'constraints': [models.UniqueConstraint(fields=('valid_from',), name='accounts_policy_from')],
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('name', models.CharField(max_length=60, verbose_name='姓名')),
                ('number', models.CharField(max_length=40, verbose_name='工号')),
                ('is_active', models.BooleanField(default=True, verbose_name='在职')),
                ('pinyin', models.CharField(blank=True, db_collation='C', editable=False, max_length=200)),
                ('initials', models.CharField(blank=True, db_collation='C', editable=False, max_length=60, verbose_name='拼音首字母')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '人员',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='accounts_person_scope'), models.Index(fields=['path', 'pinyin'], name='accounts_person_name'), models.Index(fields=['initials'], name='accounts_person_initials')],
                'constraints': [models.UniqueConstraint(fields=('number',), name='accounts_person_number')],
            },
        ),
        migrations.AddField(
            model_name='account',
            name='person',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='account', to='accounts.person', verbose_name='人员'),
        ),
        migrations.CreateModel(
            name='PersonContact',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('mobile', models.TextField(blank=True, verbose_name='手机号')),
                ('mobile_index', models.CharField(blank=True, db_index=True, editable=False, max_length=64)),
                ('identity', models.TextField(blank=True, verbose_name='身份证号')),
                ('identity_index', models.CharField(blank=True, db_index=True, editable=False, max_length=64)),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='邮箱')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
                ('person', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='contact', to='accounts.person', verbose_name='人员')),
            ],
            options={
                'verbose_name': '联系方式',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='accounts_personcontact_scope')],
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('name', models.CharField(max_length=60, verbose_name='岗位')),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField(verbose_name='任期')),
                ('is_main', models.BooleanField(default=True, verbose_name='主岗')),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='posts', to='accounts.person', verbose_name='人员')),
            ],
            options={
                'verbose_name': '岗位',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='accounts_post_scope'), models.Index(fields=['person'], name='accounts_post_person')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('path', shuzheng.base.core.models.PathField(db_collation='C', editable=False, max_length=255, verbose_name='归属路径')),
                ('id', models.UUIDField(default=shuzheng.kernel.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='版本')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='建立时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
                ('kind', models.CharField(choices=[('personal', '个人令牌'), ('service', '服务令牌')], max_length=10, verbose_name='类别')),
                ('name', models.CharField(max_length=60, verbose_name='用途')),
                ('prefix', models.CharField(max_length=12, verbose_name='令牌开头')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('permissions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), default=list, size=None, verbose_name='权限')),
                ('addresses', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=50), blank=True, default=list, size=None, verbose_name='允许的地址')),
                ('expires_at', models.DateTimeField(verbose_name='失效时间')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='吊销时间')),
                ('last_used_at', models.DateTimeField(editable=False, null=True, verbose_name='最近使用')),
                ('last_ip', models.GenericIPAddressField(editable=False, null=True, verbose_name='最近地址')),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('node', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='org.node', verbose_name='归属单位')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.post', verbose_name='岗位')),
            ],
            options={
                'verbose_name': '接口令牌',
                'abstract': False,
                'indexes': [models.Index(fields=['path', 'id'], name='accounts_apitoken_scope')],
            },
        ),
    ]
