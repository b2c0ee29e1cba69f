#include "forgelm/data/data_report.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

// Bin i < 2048 holds the length i. Above, each doubling has 1024 bins of equal width.
constexpr std::uint64_t kExact = 2048, kPerDoubling = 1024;
constexpr int kExactBits = 11;

std::size_t bin_of(std::uint64_t length) {
  if (length < kExact) return static_cast<std::size_t>(length);
  const int shift = static_cast<int>(std::bit_width(length)) - kExactBits;
  return static_cast<std::size_t>(static_cast<std::uint64_t>(shift) * kPerDoubling + (length >> shift));
}

std::uint64_t least_of(std::size_t bin) {
  if (bin < kExact) return bin;
  const auto shift = (bin - kExact) / kPerDoubling + 1;
  return (std::uint64_t{bin} - shift * kPerDoubling) << shift;
}

std::string one_decimal(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.1f", value);
  return buffer;
}

std::string reasons(const Counts& counts) {
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [reason, number] : counts) sorted.emplace_back(number, reason);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> parts;
  for (const auto& [number, reason] : sorted) parts.push_back(cat(grouped(number), " ", reason));
  return join(parts, "; ");
}

std::uint64_t count_at(const Json& object, std::string_view key) {
  return static_cast<std::uint64_t>(object.at(key).integer());
}

/// The plain counts of a report, by the names of its state.
template <class Report, class Visit>
void for_each_count(Report& report, Visit visit) {
  visit("num_rows", report.num_rows);
  visit("num_kept", report.num_kept);
  visit("num_samples", report.num_samples);
  visit("num_tokens", report.num_tokens);
  visit("num_learnt_tokens", report.num_learnt_tokens);
  visit("num_truncated", report.num_truncated);
  visit("num_split", report.num_split);
  visit("num_unlearnt", report.num_unlearnt);
}

}  // namespace

void LengthHistogram::add(std::uint64_t length) {
  const std::size_t bin = bin_of(length);
  if (bin >= bins_.size()) bins_.resize(bin + 1);
  ++bins_[bin];
  min_ = count_ == 0 ? length : std::min(min_, length);
  max_ = std::max(max_, length);
  sum_ += length;
  ++count_;
}

void LengthHistogram::merge(const LengthHistogram& other) {
  if (other.count_ == 0) return;
  if (other.bins_.size() > bins_.size()) bins_.resize(other.bins_.size());
  for (std::size_t i = 0; i < other.bins_.size(); ++i) bins_[i] += other.bins_[i];
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
  count_ += other.count_;
}

double LengthHistogram::mean() const noexcept {
  return count_ == 0 ? 0.0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t LengthHistogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(percent / 100.0 * static_cast<double>(count_));
  const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::max(1.0, wanted)), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t bin = 0; bin < bins_.size(); ++bin) {
    seen += bins_[bin];
    if (seen >= rank) return std::clamp(least_of(bin), min_, max_);
  }
  return max_;
}

Json LengthHistogram::to_state() const {
  Json bins = Json::array();
  for (std::size_t bin = 0; bin < bins_.size(); ++bin)
    if (bins_[bin] > 0) bins.push(Json::array({bin, bins_[bin]}));
  return Json::object({{"bins", std::move(bins)}, {"sum", sum_}, {"min", min_}, {"max", max_}});
}

LengthHistogram LengthHistogram::from_state(const Json& state) {
  LengthHistogram histogram;
  histogram.sum_ = count_at(state, "sum");
  histogram.min_ = count_at(state, "min");
  histogram.max_ = count_at(state, "max");
  histogram.bins_.resize(state.at("bins").items().empty() ? 0 : bin_of(histogram.max_) + 1);
  for (const Json& pair : state.at("bins").items()) {
    const auto& entry = pair.items();
    if (entry.size() != 2 || entry[0].integer() < 0 || entry[1].integer() < 0 ||
        static_cast<std::size_t>(entry[0].integer()) >= histogram.bins_.size())
      throw RunError(RunErrorKind::data, "the lengths of a stored report are damaged");
    const auto count = static_cast<std::uint64_t>(entry[1].integer());
    histogram.bins_[static_cast<std::size_t>(entry[0].integer())] = count;
    histogram.count_ += count;
  }
  return histogram;
}

void DataReport::count(const RowOutcome& outcome) {
  num_rows += outcome.num_rows;
  if (outcome.problem) return;
  if (!outcome.samples.empty()) num_kept += outcome.num_rows;
  else if (!outcome.dropped_because.empty()) dropped[outcome.dropped_because] += outcome.num_rows;
  for (const auto& note : outcome.notes) ++notes[note];
  num_samples += outcome.samples.size();
}

void DataReport::count_example(std::uint64_t num_example_tokens, std::uint64_t num_learnt, bool is_prompt) {
  num_tokens += num_example_tokens;
  num_learnt_tokens += num_learnt;
  lengths.add(num_example_tokens);
  if (num_learnt == 0 && !is_prompt) ++num_unlearnt;
}

void DataReport::count_columns(const Json& row) {
  std::size_t at = 0;
  for (const auto& [name, value] : row.members()) {
    const bool is_next = at < columns.size() && columns[at] == name;  // as in the row before, mostly
    if (!is_next && columns.size() < kMaxColumns && std::find(columns.begin(), columns.end(), name) == columns.end())
      columns.push_back(name);
    ++at;
  }
}

void DataReport::drop_kept(const std::string& reason, std::uint64_t num) {
  num_kept -= std::min(num, num_kept);
  dropped[reason] += num;
}

void DataReport::merge(const DataReport& other) {
  if (row_format.empty()) row_format = other.row_format;
  for (const std::string& name : other.columns)
    if (columns.size() < kMaxColumns && std::find(columns.begin(), columns.end(), name) == columns.end())
      columns.push_back(name);
  num_rows += other.num_rows;
  num_kept += other.num_kept;
  add_counts(dropped, other.dropped);
  add_counts(notes, other.notes);
  num_samples += other.num_samples;
  num_tokens += other.num_tokens;
  num_learnt_tokens += other.num_learnt_tokens;
  lengths.merge(other.lengths);
  num_truncated += other.num_truncated;
  num_split += other.num_split;
  num_unlearnt += other.num_unlearnt;
}

std::uint64_t DataReport::num_dropped() const {
  std::uint64_t sum = 0;
  for (const auto& [reason, number] : dropped) sum += number;
  return sum;
}

double DataReport::learnt_share() const noexcept {
  return num_tokens == 0 ? 0.0 : static_cast<double>(num_learnt_tokens) / static_cast<double>(num_tokens);
}

Json DataReport::to_json() const {
  return Json::object({
      {"row_format", row_format},
      {"rows", num_rows},
      {"rows_kept", num_kept},
      {"rows_dropped", to_object(dropped)},
      {"notes", to_object(notes)},
      {"samples", num_samples},
      {"tokens", num_tokens},
      {"supervised_tokens", num_learnt_tokens},
      {"supervised_share", learnt_share()},
      {"length", Json::object({{"min", lengths.min()},
                               {"p50", lengths.percentile(50)},
                               {"p95", lengths.percentile(95)},
                               {"max", lengths.max()},
                               {"mean", lengths.mean()}})},
      {"truncated", num_truncated},
      {"split", num_split},
      {"unsupervised", num_unlearnt},
  });
}

Json DataReport::to_state() const {
  Json state = Json::object({{"row_format", row_format},
                             {"columns", Json::array_of(columns)},
                             {"dropped", to_object(dropped)},
                             {"notes", to_object(notes)},
                             {"lengths", lengths.to_state()}});
  for_each_count(*this, [&](const char* name, std::uint64_t count) { state.set(name, count); });
  return state;
}

DataReport DataReport::from_state(const Json& state) {
  DataReport report;
  report.row_format = state.at("row_format").text();
  for (const Json& name : state.at("columns").items()) report.columns.push_back(name.text());
  report.dropped = to_counts(state.at("dropped"));
  report.notes = to_counts(state.at("notes"));
  report.lengths = LengthHistogram::from_state(state.at("lengths"));
  for_each_count(report, [&](const char* name, std::uint64_t& count) { count = count_at(state, name); });
  return report;
}

std::vector<std::string> DataReport::to_lines() const {
  std::vector<std::string> lines;
  if (!row_format.empty()) lines.push_back(cat("format   ", row_format));
  lines.push_back(cat("rows     ", grouped(num_rows), " read, ", grouped(num_kept), " kept",
                      dropped.empty() ? "" : cat(", ", grouped(num_dropped()), " dropped: ", reasons(dropped))));
  if (num_samples != num_kept) lines.push_back(cat("samples  ", grouped(num_samples)));
  if (!notes.empty()) lines.push_back(cat("notes    ", reasons(notes)));
  if (lengths.count() == 0) return lines;
  lines.push_back(cat("tokens   ", grouped(num_tokens), ", of which ", grouped(num_learnt_tokens), " (",
                      one_decimal(100.0 * learnt_share()), " %) are learnt"));
  lines.push_back(cat("lengths  min ", grouped(lengths.min()), ", median ", grouped(lengths.percentile(50)), ", p95 ",
                      grouped(lengths.percentile(95)), ", max ", grouped(lengths.max()), ", mean ",
                      one_decimal(lengths.mean())));
  std::vector<std::string> parts;
  if (num_truncated > 0) parts.push_back(cat(grouped(num_truncated), " cut at the end"));
  if (num_split > 0) parts.push_back(cat(grouped(num_split), " divided"));
  if (num_unlearnt > 0) parts.push_back(cat(grouped(num_unlearnt), " with nothing to learn"));
  if (!parts.empty()) lines.push_back(cat("examples ", join(parts, ", ")));
  return lines;
}

}  // namespace forgelm::data
