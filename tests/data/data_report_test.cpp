// DataReport: counts, lengths and what is shown of them. Percentiles follow the nearest-rank definition.
#include "forgelm/data/data_report.hpp"

#include <algorithm>
#include <cmath>

#include "support/test.hpp"

using namespace forgelm;
using data::DataReport;
using data::LengthHistogram;

TEST_CASE("length histogram: exact below 2048, within a thousandth above, whatever the order of merging") {
  LengthHistogram none;
  CHECK(none.percentile(50) == 0);
  CHECK(none.mean() == 0.0);
  LengthHistogram small;
  for (const auto length : {5u, 1u, 9u, 3u, 7u}) small.add(length);
  CHECK(small.min() == 1);
  CHECK(small.max() == 9);
  CHECK(small.mean() == 5.0);
  CHECK(small.percentile(0) == 1);
  CHECK(small.percentile(20) == 1);
  CHECK(small.percentile(21) == 3);
  CHECK(small.percentile(50) == 5);
  CHECK(small.percentile(95) == 9);
  CHECK(small.percentile(100) == 9);

  std::vector<std::uint64_t> lengths;
  LengthHistogram one, two, all;
  std::uint64_t state = 7;
  for (int i = 0; i < 5000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const std::uint64_t length = (state >> 33) >> ((state >> 20) % 30);
    lengths.push_back(length);
    (i % 3 == 0 ? one : two).add(length);
    all.add(length);
  }
  std::sort(lengths.begin(), lengths.end());
  LengthHistogram merged = two;
  merged.merge(one);
  merged.merge(none);
  for (const double percent : {1.0, 10.0, 50.0, 95.0, 99.9}) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100.0 * 5000.0));
    const double exact = static_cast<double>(lengths[rank - 1]);
    const auto found = all.percentile(percent);
    CHECK(found == merged.percentile(percent));
    INFO(percent << ": " << exact << ", " << found);
    CHECK(static_cast<double>(found) <= exact);
    CHECK(static_cast<double>(found) >= exact * (exact < 2048 ? 1.0 : 1.0 - 1.0 / 1024.0));
  }
  CHECK(merged.min() == lengths.front());
  CHECK(merged.max() == lengths.back());
  LengthHistogram huge;
  huge.add(~std::uint64_t{0});
  CHECK(huge.percentile(50) == ~std::uint64_t{0});
}

TEST_CASE("data report: rows, reasons, samples and tokens add up, and parts merge into the whole") {
  const auto kept = [](std::size_t samples) {
    data::RowOutcome outcome;
    outcome.samples.resize(samples);
    return outcome;
  };
  data::RowOutcome dropped, tree = kept(1), bad;
  dropped.dropped_because = "empty response";
  tree.num_rows = 4;
  tree.notes = {"two turns of one role in a row"};
  bad.problem = Diagnostic{};
  DataReport first, second;
  first.row_format = "alpaca: instruction, output";
  first.count(kept(1));
  first.count(kept(3));
  first.count(dropped);
  second.count(tree);
  second.count(dropped);
  second.count(bad);
  first.count_example(10, 4);
  first.count_example(20, 0);
  second.count_example(30, 11);
  second.drop_kept("response too short");
  ++second.num_truncated;
  first.count_columns(Json::object({{"id", 1}, {"text", "a"}}));
  first.count_columns(Json::object({{"text", "a"}, {"note", "n"}}));
  second.count_columns(Json::object({{"label", true}, {"id", 2}}));
  first.merge(second);
  CHECK(first.columns == std::vector<std::string>{"id", "text", "note", "label"});
  CHECK(DataReport::from_state(first.to_state()).columns == first.columns);
  CHECK(first.num_rows == 9);
  CHECK(first.num_kept == 5);
  CHECK(first.num_dropped() == 3);
  CHECK(first.num_samples == 5);
  const Json json = first.to_json();
  CHECK(json.at("rows_dropped") == Json::object({{"empty response", 2}, {"response too short", 1}}));
  CHECK(json.at("notes") == Json::object({{"two turns of one role in a row", 1}}));
  CHECK(json.at("tokens").integer() == 60);
  CHECK(json.at("supervised_tokens").integer() == 15);
  CHECK(json.at("supervised_share").real() == 0.25);
  CHECK(json.at("length") == Json::object({{"min", 10}, {"p50", 20}, {"p95", 30}, {"max", 30}, {"mean", 20.0}}));
  CHECK(json.at("truncated").integer() == 1);
  CHECK(json.at("unsupervised").integer() == 1);
  CHECK(first.to_lines() == std::vector<std::string>{
                                "format   alpaca: instruction, output",
                                "rows     9 read, 5 kept, 3 dropped: 2 empty response; 1 response too short",
                                "notes    1 two turns of one role in a row",
                                "tokens   60, of which 15 (25.0 %) are learnt",
                                "lengths  min 10, median 20, p95 30, max 30, mean 20.0",
                                "examples 1 cut at the end, 1 with nothing to learn",
                            });
}

TEST_CASE("data report: rows with ever new members do not fill the memory") {
  DataReport report, other;
  for (int i = 0; i < 3000; ++i) report.count_columns(Json::object({{std::to_string(i), i}}));
  for (int i = 5000; i < 6000; ++i) other.count_columns(Json::object({{std::to_string(i), i}}));
  report.merge(other);
  CHECK(report.columns.size() == DataReport::kMaxColumns);
  CHECK(report.columns.back() == "999");
}

TEST_CASE("data report: large numbers are grouped, and what is zero is left out") {
  DataReport report;
  report.num_rows = report.num_kept = report.num_samples = 1'234'567;
  CHECK(report.to_lines() == std::vector<std::string>{"rows     1,234,567 read, 1,234,567 kept"});
  CHECK(DataReport().to_json().at("supervised_share").real() == 0.0);
}
