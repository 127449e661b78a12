"""Published evidence on employment, in place: the least that a case needs."""


def published_job(start, years, *, people, estimate, se, level, **more):
    """Return the evidence of a case: the effect and the level of one share, alike in every year."""
    return {
        "type": "published",
        "published": {
            "study": {
                "citation": "invented",
                "estimand": "ITT",
                "population": "assigned",
                "design": "none",
                "verified": False,
            },
            "periods": {"start": start, "step": "year", "count": years},
            "cohort_size": people,
            "estimates": [
                {
                    "outcome": {"name": "job", "kind": "binary", "channel": "employment"},
                    "periods": [year, year],
                    "estimate": estimate,
                    "uncertainty": {"type": "standard_error", "se": se},
                    "level": {"mean": level},
                }
                for year in range(1, years + 1)
            ],
            **more,
        },
    }
