// Splits, order and mixtures against the reference's own functions (tests/golden/splits), and by hand where the
// reference has no such strategy.
#include "forgelm/data/split.hpp"

#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/glance.hpp"
#include "forgelm/data/mixture.hpp"
#include "support/test.hpp"

namespace {

using namespace forgelm;
using data::RowOrder;
using data::RowRef;
using Counts = std::vector<std::uint64_t>;

std::vector<Json> golden(const std::string& name) {
  std::vector<Json> rows;
  const std::string text = read_file(FORGELM_SOURCE_DIR "/tests/golden/splits/" + name);
  for (const auto& line : split(text, '\n'))
    if (!line.empty()) rows.push_back(parse_json(line).value());
  return rows;
}

void append_number(std::string& bytes, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
}

/// "" when the order is the golden's, else where they part.
std::string difference(const RowOrder& rows, const Json& expected) {
  if (static_cast<std::int64_t>(rows.size()) != expected.at("n").integer())
    return cat(rows.size(), " rows, not ", expected.at("n").integer());
  if (rows.empty()) return "";
  const auto& head = expected.at("head").items();
  for (std::size_t i = 0; i < head.size(); ++i)
    if (head[i].items()[0].integer() != rows[i].source() ||
        head[i].items()[1].integer() != static_cast<std::int64_t>(rows[i].row()))
      return cat("row ", i, " is ", rows[i].source(), ":", rows[i].row());
  std::string bytes;
  for (const auto row : rows) append_number(bytes, row.source()), append_number(bytes, row.row());
  return sha256_hex(bytes) == expected.at("sha256").text() ? "" : "other rows behind the first ones";
}

Counts counts_of(const Json& list) {
  Counts counts;
  for (const auto& item : list.items()) counts.push_back(static_cast<std::uint64_t>(item.integer()));
  return counts;
}

config::DataSection mixture(std::vector<double> weights, config::MixStrategy strategy,
                            std::optional<std::int64_t> budget = std::nullopt) {
  config::DataSection data;
  data.mix_ratio = std::move(weights);
  data.mix_strategy = strategy;
  data.max_train_examples = budget;
  return data;
}

}  // namespace

TEST_CASE("A row's data set and number are kept whole") {
  const RowRef row(65'535, (std::uint64_t{1} << 48) - 1);
  CHECK(row.source() == 65'535);
  CHECK(row.row() == (std::uint64_t{1} << 48) - 1);
  CHECK(sizeof(RowRef) == 8);
  CHECK_THROWS_AS(data::all_rows(65'536, 1), ConfigError);
}

TEST_CASE("Rows held out and shuffled are the reference's, row for row") {
  const auto rows = golden("splits.jsonl");
  REQUIRE(rows.size() == 11);
  for (const auto& expected : rows) {
    const auto n = static_cast<std::uint64_t>(expected.at("n").integer());
    INFO("rows: " << n);
    RowOrder shuffled = data::all_rows(0, n);
    data::shuffle_rows(shuffled, 42);
    CHECK(difference(shuffled, expected.at("only_shuffled")) == "");
    auto parts = data::hold_out_rows(data::all_rows(0, n), 42);
    CHECK(difference(parts.eval, expected.at("eval")) == "");
    CHECK(difference(parts.train, expected.at("train")) == "");
    CHECK(data::num_held_out_rows(static_cast<std::int64_t>(n)) == expected.at("eval").at("n").integer());
    data::shuffle_rows(parts.train, 42);
    CHECK(difference(parts.train, expected.at("shuffled")) == "");
  }
}

TEST_CASE("Mixtures with weights, and without, are the reference's, row for row") {
  const auto rows = golden("mixtures.jsonl");
  REQUIRE(rows.size() == 9);
  for (const auto& expected : rows) {
    INFO("mixture: " << dump(expected.at("rows")) << " " << dump(expected.at("weights")));
    const Counts num_rows = counts_of(expected.at("rows"));
    config::DataSection data;
    if (!expected.at("weights").is_null()) {
      data.mix_ratio.emplace();
      for (const auto& weight : expected.at("weights").items()) data.mix_ratio->push_back(weight.real());
    }
    CHECK(data::mixed_counts(data, num_rows) == counts_of(expected.at("counts")));
    const bool holds_out = expected.at("holds_out").boolean();
    data.shuffle = false;
    const auto plain = data::select_rows(data, num_rows, holds_out, 42);
    CHECK(difference(plain.train, expected.at("train")) == "");
    CHECK(difference(plain.eval, expected.at("eval")) == "");
    data.shuffle = true;
    CHECK(difference(data::select_rows(data, num_rows, holds_out, 42).train, expected.at("shuffled")) == "");
  }
}

TEST_CASE("Another seed gives another order of the same rows") {
  auto first = data::hold_out_rows(data::all_rows(0, 100), 42);
  auto second = data::hold_out_rows(data::all_rows(0, 100), 43);
  CHECK_FALSE(first.eval == second.eval);
  CHECK(first.eval.size() == second.eval.size());
}

TEST_CASE("An anchor is taken whole, the others as shares beside it") {
  // ForgeLLM: int(n (1 - r) / r) general rows beside n of the domain; r = 0.75 gives 100 beside 300.
  CHECK(data::mixed_counts(mixture({0.75, 0.25}, config::MixStrategy::anchor), Counts{300, 1000}) == Counts{300, 100});
  CHECK(data::mixed_counts(mixture({1, 10, 0}, config::MixStrategy::anchor), Counts{10, 50, 50}) == Counts{10, 50, 0});
  CHECK(data::mixed_counts(mixture({3, 1}, config::MixStrategy::anchor), Counts{10, 50}) == Counts{10, 3});
  CHECK_THROWS_AS(data::mixed_counts(mixture({0, 1}, config::MixStrategy::anchor), Counts{10, 50}), ConfigError);
  // The anchor keeps its order, the other one is sampled as the reference samples.
  const auto mixed = data::mixed_rows(mixture({3, 1}, config::MixStrategy::anchor), Counts{10, 50}, 42);
  RowOrder expected = data::all_rows(0, 10), others = data::all_rows(1, 50);
  data::shuffle_rows(others, 42);
  expected.insert(expected.end(), others.begin(), others.begin() + 3);
  CHECK(mixed == expected);
}

TEST_CASE("A budget is shared out by weight; a data set that is too small is used whole") {
  // ForgeLLM's hybrid mixture of 10,000: 31.5, 27, 18, 13.5 and 10 %.
  CHECK(data::mixed_counts(mixture({31.5, 27, 18, 13.5, 10}, config::MixStrategy::budget, 10'000),
                           Counts{9'000, 9'000, 9'000, 9'000, 400}) == Counts{3150, 2700, 1800, 1350, 400});
  CHECK(data::mixed_counts(mixture({2}, config::MixStrategy::budget, 7), Counts{100}) == Counts{7});
  CHECK_THROWS_AS(data::mixed_counts(mixture({1, 1}, config::MixStrategy::budget), Counts{1, 1}), ConfigError);
}

TEST_CASE("Weights of a single data set choose nothing, and a wrong number of them is refused") {
  CHECK(data::mixed_counts(mixture({0.5}, config::MixStrategy::weights), Counts{8}) == Counts{8});
  CHECK(data::mixed_rows(mixture({0.5}, config::MixStrategy::weights), Counts{8}, 42) == data::all_rows(0, 8));
  CHECK(data::mixed_counts(mixture({0, 0}, config::MixStrategy::weights), Counts{8, 9}) == Counts{8, 9});
  CHECK_THROWS_AS(data::mixed_counts(mixture({1, 1}, config::MixStrategy::weights), Counts{8}), ConfigError);
}

TEST_CASE("The cap takes the first rows of the final order, and too few rows are refused") {
  config::DataSection data;
  const auto all = data::select_rows(data, Counts{100}, true, 42);
  data.max_train_examples = 5;
  const auto few = data::select_rows(data, Counts{100}, true, 42);
  CHECK(few.train == RowOrder(all.train.begin(), all.train.begin() + 5));
  CHECK(few.eval == all.eval);
  data.min_examples = 6;
  CHECK_THROWS_AS(data::select_rows(data, Counts{100}, true, 42), ConfigError);
  data = {};
  CHECK(data::select_rows(data, Counts{1}, true, 42).eval.empty());
  CHECK_THROWS_AS(data::select_rows(data, Counts{0}, true, 42), ConfigError);
}
