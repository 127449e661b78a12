"""A letter to a made-up client: how it would read, before a real one is written."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np

from impactmodel.clients.anticipation import ChanceModel, WithoutService
from impactmodel.clients.anticipation_record import inputs_of
from impactmodel.clients.chances import chances
from impactmodel.clients.clients import Clients
from impactmodel.clients.letters import ClientLetter, FeatureWords, UseWords, moved, used_values
from impactmodel.clients.model_record import ModelRecord
from impactmodel.core.spec import spec


@spec
class LetterWords:
    """The words of a letter in Finnish, Swedish and English.

    Parameters
    ----------
    use
        Of the declared use.
    features
        Of every feature that the model ranks by.
    """

    use: UseWords
    features: dict[str, FeatureWords]


def sample_letter(
    words: LetterWords, model: ChanceModel, record: ModelRecord, clients: Clients, day: dt.date
) -> ClientLetter:
    """Return the letter of the synthetic client whose chance is in the middle of all.

    Parameters
    ----------
    clients
        Synthetic ones: the letter says that the person is made up. A real client's letter starts
        from what the decision log shows.

    Raises
    ------
    InputError
        If a feature or a level has no words.
    """
    expected = chances(model, clients).expected()
    person = int(np.argsort(expected, kind="stable")[clients.size // 2])
    score = record.score(inputs_of(model, clients, person))
    ranked = {f for part in model.encoded.parts for f in part.features}
    table = dataclasses.replace(
        clients.table,
        features={name: f for name, f in clients.table.features.items() if name in ranked},
        protected=tuple(name for name in clients.table.protected if name in ranked),
    )
    values = {name: float(clients.values[name][person]) for name in table.features}
    raised, lowered = moved(score, words.features)
    return ClientLetter(
        day=day,
        use=words.use,
        score=score,
        used=used_values(table, words.features, values, index=clients.index[person].item()),
        raised=raised,
        lowered=lowered,
        without_service=isinstance(model.policy, WithoutService),
        model=record.name,
        fingerprint=record.fingerprint,
        synthetic=True,
    )
