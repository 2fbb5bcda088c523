# Prints the figures that R and the package NPS give for our cases, as CSV: method, what is given, what is found.
# README.md says how it is run, and what the columns of each method are. Nothing in here computes a score itself.

library(NPS, lib.loc = Sys.getenv("NPS_LIBRARY"))
options(nps.100 = FALSE)
RNGversion("3.6.0") # the draws of sample() are those of any later version, too
set.seed(20161128)

levels <- c(0.5, 0.9, 0.95, 0.99)

# ---- cases ----------------------------------------------------------------------------------------------------

# All ways to have n answers in three groups: detractors, passives, promoters.
splits <- function(n) {
  every <- expand.grid(0:n, 0:n)
  every <- every[rowSums(every) <= n, ]
  lapply(seq_len(nrow(every)), function(i) c(every[i, 1], n - sum(every[i, ]), every[i, 2]))
}
one_class <- function(n) list(c(n, 0, 0), c(0, n, 0), c(0, 0, n))
drawn <- function(n) as.vector(table(factor(sample(1:3, n, TRUE, prob = runif(3, 0.02, 1)), 1:3)))

published <- list(
  c(1, 2, 3), c(20, 30, 50), c(300, 200, 500), c(54, 108, 162), c(10, 20, 30), c(25, 25, 50), c(30, 30, 40),
  c(60, 60, 80), c(40, 60, 100)
)
one_sample <- unique(c(
  published,
  unlist(lapply(1:3, splits), FALSE),
  unlist(lapply(c(9, 10, 11, 29, 30, 31, 100, 1000, 50000), one_class), FALSE),
  lapply(c(1, 9, 50, 2500), function(n) c(n, 0, n)),
  lapply(rep(c(10, 30), each = 25), drawn),
  lapply(sample(4:500, 80), drawn),
  lapply(sample(1000:60000, 40), drawn)
))
two_samples <- unique(c(
  list(
    list(c(20, 30, 50), c(25, 25, 50)), list(c(20, 30, 50), c(30, 30, 40)), list(c(60, 60, 80), c(40, 60, 100)),
    list(c(0, 0, 10), c(0, 0, 10)), list(c(10, 0, 0), c(0, 0, 10)), list(c(0, 10, 0), c(0, 0, 10)),
    list(c(1, 0, 0), c(0, 0, 1)), list(c(0, 1, 0), c(0, 1, 0)), list(c(1000, 0, 0), c(0, 0, 1000))
  ),
  lapply(1:60, function(i) list(drawn(30), drawn(30))),
  lapply(1:60, function(i) list(drawn(sample(1:40, 1)), drawn(sample(1:400, 1)))),
  lapply(1:60, function(i) list(drawn(sample(30:3000, 1)), drawn(sample(30:3000, 1))))
))
shares <- unique(c(
  unlist(lapply(c(1, 2, 10, 1000), function(n) list(c(0, n), c(n, n), c(n %/% 2, n))), FALSE),
  lapply(sample(1:5000, 80), function(n) c(sample(0:n, 1), n))
))
two_shares <- unique(c(
  list(c(4, 4, 0, 4), c(0, 10, 0, 20), c(10, 10, 0, 20), c(10, 10, 10, 10), c(56, 70, 48, 80)),
  lapply(1:120, function(i) {
    n <- sample(if (i <= 100) 1:300 else 1000:20000, 2)
    # Of the large ones the shares are near each other: p would be 0 of any others.
    part <- if (i <= 100) c(sample(0:n[1], 1), sample(0:n[2], 1)) else rbinom(2, n, 0.2)
    c(part[1], n[1], part[2], n[2])
  })
))

# ---- printing -------------------------------------------------------------------------------------------------

spaced <- function(numbers) paste(sprintf("%.12g", as.numeric(numbers)), collapse = " ")
row <- function(method, given, found) cat(method, ",", spaced(given), ",", spaced(found), "\n", sep = "")

# ---- the figures ----------------------------------------------------------------------------------------------

cat("method,given,found\n")
for (x in one_sample) {
  row("score", x, c(nps_(x), nps_var_(x), nps_se_(x)))
  for (test in c("wald", "adjusted.wald", "iterative")) {
    row(test, x, sapply(levels, function(conf) nps_test_(x, test = test, conf = conf)$int))
  }
}
for (pair in two_samples) {
  for (test in c("wald", "adjusted.wald")) {
    found <- lapply(levels, function(conf) nps_test_(pair[[1]], pair[[2]], test = test, conf = conf))
    ends <- sapply(found, function(each) each$int)
    row(paste0("two.", test), unlist(pair), c(found[[1]]$delta.hat, found[[1]]$se.hat, found[[1]]$p.value, ends))
  }
}
suppressWarnings({
  for (x in shares) row("prop.test", x, prop.test(x[1], x[2], correct = FALSE)$conf.int)
  for (x in two_shares) {
    fields <- matrix(c(x[1], x[2] - x[1], x[3], x[4] - x[3]), 2)
    row("fisher.test", x, fisher.test(fields)$p.value)
    # Newcombe's method 10 for the difference, from the intervals of both shares.
    own <- c(prop.test(x[1], x[2], correct = FALSE)$conf.int, x[1] / x[2])
    other <- c(prop.test(x[3], x[4], correct = FALSE)$conf.int, x[3] / x[4])
    below <- sqrt((own[3] - own[1])^2 + (other[2] - other[3])^2)
    above <- sqrt((own[2] - own[3])^2 + (other[3] - other[1])^2)
    row("newcombe", x, own[3] - other[3] + c(-below, above))
    # Campbell's test is Pearson's, times (N - 1) / N; R has none where nobody, or everybody, is in the share.
    if (all(rowSums(fields) > 0)) {
      pearson <- chisq.test(fields, correct = FALSE)
      squared <- pearson$statistic * (sum(fields) - 1) / sum(fields)
      row("chisq.test", x, c(pchisq(squared, 1, lower.tail = FALSE), min(pearson$expected)))
    }
  }
})
for (i in 1:40) {
  # Some are tiny, as of segments that have moved; some are equal.
  p <- c(runif(sample(1:25, 1)), runif(sample(1:15, 1), 0, 0.02))
  p <- signif(sample(c(p, p[1])), 6)
  row("p.adjust", p, p.adjust(p, method = "BH"))
}
# Monroe, Colaresi and Quinn (2008), equations 15, 16, 19 and 22, for all words of two sets at once.
for (i in 1:10) {
  words <- sample(5:20, 1)
  here <- rpois(words, rexp(words, 1 / 60)) + 1
  there <- rpois(words, rexp(words, 1 / 60))
  prior <- 500 * (here + there) / sum(here + there)
  odds <- function(y) log((y + prior) / (sum(y) + sum(prior) - y - prior))
  z <- (odds(here) - odds(there)) / sqrt(1 / (here + prior) + 1 / (there + prior))
  row("log.odds", c(here, there), z)
}
