from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('forms', '0002_rounds'),
    ]

    operations = [
        migrations.AddField(
            model_name='cell',
            name='text',
            field=models.CharField(blank=True, db_default='', default='', max_length=2000, verbose_name='文字'),
        ),
    ]
