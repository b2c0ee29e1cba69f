#include "engine/encoder/token_spans.hpp"

#include <algorithm>
#include <string_view>

namespace forgelm::engine {
namespace {

bool begins_run(std::string_view label) { return label.starts_with("B-"); }

std::string_view group_of(std::string_view label) {
  return label.starts_with("B-") || label.starts_with("I-") ? label.substr(2) : label;
}

}  // namespace

std::vector<LabelledSpan> spans_of(const std::vector<TokenLabel>& tokens, const std::vector<std::string>& labels) {
  std::vector<LabelledSpan> spans;
  for (std::size_t begin = 0, end; begin < tokens.size(); begin = end) {
    const std::string_view group = group_of(labels[tokens[begin].label]);
    double score = tokens[begin].score;
    for (end = begin + 1; end < tokens.size(); ++end) {
      const std::string_view next = labels[tokens[end].label];
      if (begins_run(next) || group_of(next) != group) break;
      score += tokens[end].score;
    }
    if (group != "O")
      spans.push_back({std::string(group), score / static_cast<double>(end - begin), tokens[begin].place.begin,
                       tokens[end - 1].place.end});
  }
  return spans;
}

std::vector<LabelledSpan> merge_windows(std::vector<LabelledSpan> spans) {
  std::stable_sort(spans.begin(), spans.end(),
                   [](const LabelledSpan& a, const LabelledSpan& b) { return a.begin < b.begin; });
  std::vector<LabelledSpan> merged;
  for (LabelledSpan& span : spans) {
    if (merged.empty() || span.begin >= merged.back().end) {
      merged.push_back(std::move(span));
      continue;
    }
    LabelledSpan& last = merged.back();
    const std::uint64_t length = span.end - span.begin, last_length = last.end - last.begin;
    if (length > last_length || (length == last_length && span.score > last.score)) last = std::move(span);
  }
  return merged;
}

}  // namespace forgelm::engine
