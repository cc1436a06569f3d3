"""
Parameters of the lifetime models by maximum likelihood, from groups of equal customers. One row a window, model and
segment; a fit that cannot be trusted says why in note.

Runs inside dbt on DuckDB. Engines without Python models read seeds/clv_parameters.csv, which `python -m lifetime`
writes with the same functions.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyarrow as pa
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln

DAYS_A_WEEK = 7
PARAMETERS = {
    "bg_nbd": ("r", "alpha", "a", "b"),
    "mbg_nbd": ("r", "alpha", "a", "b"),
    "gamma_gamma": ("p", "q", "v"),
    "shifted_beta_geometric": ("alpha", "beta"),
}
# Logarithms of parameters are searched between these. One that ends there has run away: the data do not bound it.
BOUND = np.log(1e5)

KEYS = ("fit_window", "model", "segment_type", "segment")
GROUP_KEYS = "fit_window, segment_type, segment"
NUMBERS = ("r", "alpha", "a", "b", "p", "q", "v", "beta", "log_likelihood")
SCHEMA = pa.schema(
    [(name, pa.string()) for name in KEYS]
    + [(name, pa.float64()) for name in NUMBERS]
    + [("customer_count", pa.int64()), ("fitted_on", pa.date32()), ("is_reliable", pa.bool_()), ("note", pa.string())]
)


# Sums, and TNC for the search, do without BLAS: its threads wait for each other on a busy machine, and add up in
# another order on another one.
dot = partial(np.einsum, "i,i")


def model(dbt, session):
    dbt.config(materialized="table")
    (as_of,) = dbt.ref("point_in_time").project("as_of").fetchone()
    rows = fits(
        dbt.ref("int_lifetime__purchase_groups"),
        dbt.ref("int_lifetime__spend_groups"),
        dbt.ref("int_lifetime__renewal_groups"),
        dict(dbt.ref("thresholds").project("name, value").fetchall()),
        as_of,
    )
    return pa.Table.from_pylist(rows, SCHEMA)


def fits(purchases, spend, renewals, thresholds, fitted_on):
    """Every fit as a row. Groups are DuckDB's relations; the whole is fitted, or said to be too few, in any case."""
    tasks = []
    for groups, kinds, make, names in (
        (purchases, ("bg_nbd", "mbg_nbd"), buy_till_you_die, ("frequency", "recency_days", "age_days")),
        (spend, ("gamma_gamma",), gamma_gamma, ("frequency", "mean_value")),
        (renewals, ("shifted_beta_geometric",), shifted_beta_geometric, ("periods", "has_ended")),
    ):
        for (window, segment_type, segment), numbers in apart(groups, (*names, "customers")).items():
            tasks += [((window, kind, segment_type, segment), make, numbers) for kind in kinds]
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda task: fit(task[0][1], *task[1:], thresholds), tasks)
        return [
            dict(zip(KEYS, key, strict=True)) | row | {"fitted_on": fitted_on}
            for (key, *_), row in zip(tasks, found, strict=True)
        ]


def apart(groups, names):
    """The numbers of each fit by its key; in one order, as sums of floats depend on it."""
    columns = groups.order(", ".join((GROUP_KEYS, *names))).project(", ".join(names)).fetchnumpy()
    keys = groups.aggregate(f"{GROUP_KEYS}, count(*)", GROUP_KEYS).order(GROUP_KEYS).fetchall()
    found = {("to_date", "all", "all"): dict.fromkeys(names, np.zeros(0))}
    first = 0
    for *key, size in keys:
        found[tuple(key)] = {name: columns[name][first : first + size].astype(float) for name in names}
        first += size
    return found


def fit(kind, make, groups, thresholds):
    """The parameters that make the groups most likely; none but a note if they would mean nothing."""
    customers = groups["customers"].sum()
    row = {"customer_count": int(customers), "is_reliable": False}
    if customers < thresholds["min_fit_customers"]:
        return row | {"note": f"too few: a fit takes {thresholds['min_fit_customers']:.0f}"}
    likelihood, rough, starts, scale = make(kind, groups)
    best = max((climb(rough, np.log(start)) for start in starts), key=lambda found: found[1])[0]
    best, value, doubt = settle(likelihood, rough, best, customers)
    names = PARAMETERS[kind]
    runaways = [name for name, at in zip(names, best, strict=True) if abs(at) > BOUND - 0.01]
    if runaways:
        return row | {"note": f"runs away: no end to {', '.join(runaways)}"}
    if not doubt <= thresholds["max_fit_doubt"]:
        return row | {"note": "flat: other parameters are nearly as likely"}
    found = dict(zip(names, (np.exp(best) * scale[0]).tolist(), strict=True))
    if found.get("q", np.inf) <= 1:
        return row | {"note": "no mean: q is at most 1"}
    return row | found | {"log_likelihood": float(value + customers * scale[1]), "is_reliable": True, "note": None}


def climb(likelihood, start):
    """The top of the likelihood near the start, by logarithms of the parameters."""

    def downhill(at):
        value, slope = likelihood(np.exp(at))
        return -value, -slope * np.exp(at)

    size = abs(likelihood(np.exp(start))[0]) + 1
    found = minimize(
        lambda at: tuple(part / size for part in downhill(at)),
        start,
        jac=True,
        method="TNC",
        bounds=[(-BOUND, BOUND)] * len(start),
        options={"maxfun": 1000, "ftol": 1e-8},
    )
    return found.x, -found.fun * size


def settle(likelihood, rough, top, customers):
    """
    From the rough likelihood's top to the exact one's, by Newton's steps that begin with the rough curvature
    and cost one look at the exact one each. With it the largest standard error of a parameter's logarithm, infinite on
    a plateau.
    """
    for curved in (rough, likelihood):
        curvature = curvature_of(curved, top)
        if np.linalg.eigvalsh(curvature)[-1] < -1e-8 * customers:
            found = newton(likelihood, curvature, top)
            if found is not None:
                return found, likelihood(np.exp(found))[0], np.sqrt(np.linalg.inv(-curvature).diagonal().max())
        if curved is rough:
            top, value = climb(likelihood, top)
    return top, value, np.inf


def curvature_of(likelihood, top):
    step = 1e-4
    moves = step * np.eye(len(top))
    rows = np.array([slope(likelihood, top + move) - slope(likelihood, top - move) for move in moves]) / (2 * step)
    return (rows + rows.T) / 2


def slope(likelihood, at):
    """By logarithms of the parameters."""
    return likelihood(np.exp(at))[1] * np.exp(at)


def newton(likelihood, curvature, top):
    """Where the slope is 0, or None if steps lead away; Broyden's update mends the curvature with every step."""
    uphill = slope(likelihood, top)
    for _ in range(50):
        step = -np.linalg.solve(curvature, uphill)
        top = top + step
        if not np.all(np.abs(step) < 0.5) or np.any(np.abs(top) > BOUND):
            return None
        if np.all(np.abs(step) < 1e-11):
            return top
        uphill = slope(likelihood, top)
        curvature = curvature + np.outer(uphill, step) / dot(step, step)
    return None


def buy_till_you_die(kind, groups):
    """
    BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD (Batislam, Denizel and Filiztekin 2007), in weeks. In the first a
    customer may leave after each repeat purchase, in the second after the first purchase, too.
    """
    n = groups["customers"]
    x, recency, age = (groups[name].astype(int) for name in ("frequency", "recency_days", "age_days"))
    weeks = max(float(dot(n, age) / n.sum()) / DAYS_A_WEEK, 1.0)
    starts = [(0.5, weeks / 4, 0.5, 2.0), (1.0, weeks, 1.0, 1.0), (2.0, weeks / 8, 0.2, 4.0)]
    # Starts are tried on some fifty steps of time.
    days = max(DAYS_A_WEEK, int(age.max()) // 50)
    steps = 1 + int(age.max()) // days
    group, place = np.unique((x * steps + recency // days) * steps + age // days, return_inverse=True)
    middle = days // 2
    rough_recency = group // steps % steps * days + np.where(group < steps**2, 0, middle)
    rough = [group // steps**2, rough_recency, group % steps * days + middle, np.bincount(place, n)]
    exact = [x, recency, age, n]
    first_exit = {"bg_nbd": 0, "mbg_nbd": 1}[kind]
    return purchase_likelihood(first_exit, *exact), purchase_likelihood(first_exit, *rough), starts, (1, 0)


def purchase_likelihood(first_exit, x, recency, age, n):
    counts, place = np.unique(x, return_inverse=True)
    place = place.ravel()
    by_count = np.bincount(place, n)
    exits = counts + first_exit
    weeks = np.arange(age.max() + 1) / DAYS_A_WEEK
    total = n.sum()

    def likelihood(parameters):
        r, alpha, a, b = parameters
        log_time = np.log(alpha + weeks)
        can_leave = exits > 0
        exit_odds = np.full(len(counts), -np.inf)
        exit_odds[can_leave] = np.log(a / (b + exits[can_leave] - 1))
        log_odds = exit_odds[place] + (r + x) * (log_time[age] - log_time[recency])
        gone = expit(log_odds)
        seen = gone * log_time[recency] + (1 - gone) * log_time[age]
        gone_by_count = np.bincount(place, n * gone)
        value = (
            dot(by_count, gammaln(r + counts) - gammaln(r) + r * np.log(alpha) + betaln(a, b + exits) - betaln(a, b))
            - dot(n, (r + x) * log_time[age])
            + dot(n, np.logaddexp(0, log_odds))
        )
        slope = np.array(
            [
                dot(by_count, digamma(r + counts) - digamma(r)) + total * np.log(alpha) - dot(n, seen),
                total * r / alpha
                - dot(n, (r + x) * (gone / (alpha + weeks[recency]) + (1 - gone) / (alpha + weeks[age]))),
                dot(by_count, digamma(a + b) - digamma(a + b + exits)) + gone_by_count.sum() / a,
                dot(by_count, digamma(b + exits) - digamma(a + b + exits) - digamma(b) + digamma(a + b))
                - (gone_by_count[can_leave] / (b + exits[can_leave] - 1)).sum(),
            ]
        )
        return value, slope

    return likelihood


def gamma_gamma(kind, groups):
    """Gamma-Gamma (Fader and Hardie 2013) on mean amounts of repeat purchase days, in units of their mean."""
    n, x = groups["customers"], groups["frequency"]
    unit = float(dot(n, groups["mean_value"]) / n.sum())
    mean = groups["mean_value"] / unit
    # Starts are tried on amounts that are rounded to two percent.
    log_mean = np.round(np.log(mean) * 50).astype(int)
    lowest, width = log_mean.min(), int(np.ptp(log_mean)) + 1
    group, place = np.unique(x.astype(int) * width + log_mean - lowest, return_inverse=True)
    rough = [np.bincount(place, n), (group // width).astype(float), np.exp((group % width + lowest) / 50)]
    starts = [(6.0, 4.0, 0.5), (1.0, 2.0, 1.0), (20.0, 10.0, 0.5)]
    return spend_likelihood(n, x, mean), spend_likelihood(*rough), starts, (np.array([1, 1, unit]), -np.log(unit))


def spend_likelihood(n, x, mean):
    counts, place = np.unique(x, return_inverse=True)
    by_count = np.bincount(place.ravel(), n)
    log_mean_by_count = np.bincount(place.ravel(), n * np.log(mean))
    total = n.sum()

    def likelihood(parameters):
        p, q, v = parameters
        log_sum = np.log(v + mean * x)
        rising = digamma(p * counts + q)
        value = (
            dot(by_count, gammaln(p * counts + q) - gammaln(p * counts) + p * counts * np.log(counts))
            + total * (q * np.log(v) - gammaln(q))
            + dot(p * counts - 1, log_mean_by_count)
            - dot(n, (p * x + q) * log_sum)
        )
        slope = np.array(
            [
                dot(by_count, counts * (rising - digamma(p * counts) + np.log(counts)))
                + dot(counts, log_mean_by_count)
                - dot(n, x * log_sum),
                dot(by_count, rising) - total * digamma(q) + total * np.log(v) - dot(n, log_sum),
                total * q / v - dot(n, (p * x + q) / (v + mean * x)),
            ]
        )
        return value, slope

    return likelihood


def shifted_beta_geometric(kind, groups):
    """
    Shifted beta-geometric (Fader and Hardie 2007). periods counts the one in which a subscription ended, or those that
    a running one has survived.
    """
    n, periods, ended = (groups[name] for name in ("customers", "periods", "has_ended"))
    left, stayed = ended, periods - ended

    def likelihood(parameters):
        alpha, beta = parameters
        value = dot(n, betaln(alpha + left, beta + stayed) - betaln(alpha, beta))
        both = digamma(alpha + beta) - digamma(alpha + beta + periods)
        slope = np.array(
            [
                dot(n, digamma(alpha + left) - digamma(alpha) + both),
                dot(n, digamma(beta + stayed) - digamma(beta) + both),
            ]
        )
        return value, slope

    return likelihood, likelihood, [(1.0, 1.0), (0.3, 3.0), (5.0, 20.0)], (1, 0)
