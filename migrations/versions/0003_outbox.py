"""The outbox: channels, policies, deliveries.

Revision ID: 0003
Revises: 0002

"""
from alembic import op
import sqlalchemy as sa


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('notice_policy',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('role', sa.Enum('admin', 'mim', 'responder', 'executive', 'stakeholder', name='accountrole', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('notice', sa.Enum('alarm', 'role', 'handover', 'reminder', 'stand_down', name='notice', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_policy')),
    sa.UniqueConstraint('role', 'notice', name=op.f('uq_notice_policy_role_notice'))
    )
    op.create_table('channel',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('email', 'webhook', 'apprise', name='channelkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('address', sa.String(length=1000), nullable=False),
    sa.Column('secret', sa.String(length=128), nullable=True),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_channel_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_channel')),
    sa.UniqueConstraint('user_id', 'kind', 'address', name=op.f('uq_channel_user_id_kind_address'))
    )
    op.create_table('delivery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=True),
    sa.Column('notice', sa.Enum('alarm', 'role', 'handover', 'reminder', 'stand_down', name='notice', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('act', sa.String(length=200), nullable=False),
    sa.Column('recipient', sa.String(length=120), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('channel_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.Enum('email', 'webhook', 'apprise', name='channelkind', native_enum=False, create_constraint=True, length=32), nullable=True),
    sa.Column('address', sa.String(length=1000), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('pending', 'sending', 'sent', 'failed', 'no_channel', 'quiet', name='deliverystate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('claimed_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(length=500), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['channel_id'], ['channel.id'], name=op.f('fk_delivery_channel_id_channel'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['incident_id'], ['incident.id'], name=op.f('fk_delivery_incident_id_incident')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_delivery_user_id_user_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery')),
    sa.UniqueConstraint('key', name=op.f('uq_delivery_key'))
    )
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.create_index('ix_delivery_incident_id_act', ['incident_id', 'act'], unique=False)
        batch_op.create_index('ix_delivery_state_next_at', ['state', 'next_at'], unique=False)



def downgrade():
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.drop_index('ix_delivery_state_next_at')
        batch_op.drop_index('ix_delivery_incident_id_act')

    op.drop_table('delivery')
    op.drop_table('channel')
    op.drop_table('notice_policy')
