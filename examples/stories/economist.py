"""An economist: from people to an effect with its diagnostics."""

import impactmodel as im

df = im.datasets.load("nsw")  # National Supported Work, Dehejia-Wahba sample
cohort = im.Cohort.from_frame(
    df,
    treatment="treat",
    outcomes=[
        im.OutcomeMeasure("employed", kind="binary"),
        im.OutcomeMeasure("re78", kind="amount", unit="USD/year"),
    ],
    covariates=["age", "age2", "educ", "black", "hisp", "nodegree", "re74", "re75"],
)
design = im.effects.Experiment(cohort, adjust=True)
model = im.effects.build_model(design)  # a plain pm.Model
fit = im.effects.fit(design, sampler=im.effects.Sampler(seed=1))
fit.diagnostics.raise_if_failed()
print(fit.outcomes.summary(prob=0.9))
im.report.plot_effect(fit.outcomes)
fit.outcomes.to_netcdf("evaluation.nc")
