"""Effects by group against DoubleML, exact pooling and known truths."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from impactmodel.clients.effect_draws import EffectDraws, pooled, with_hidden_bias
from impactmodel.clients.effect_groups import EffectDesign, effects_by_group, group_means
from impactmodel.clients.effect_hidden import benchmark_priors, hidden_knowledge
from impactmodel.clients.effect_inputs import Membership, Served
from impactmodel.clients.effect_months import effects_by_month
from impactmodel.core.errors import InputError, NotIdentifiedError
from impactmodel.effects import BenchmarkBias, BiasPrior
from impactmodel.effects.arm_scores import arm_scores, folds_of
from impactmodel.effects.clustered import clustered_covariance
from impactmodel.effects.joint_pooling import JointPrior, pool_jointly

from tests.golden.clients.effects_data import GROUPS, SERVICES, people

HERE = Path(__file__).parents[2] / "golden" / "clients"
