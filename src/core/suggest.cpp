#include "forgelm/core/suggest.hpp"

#include <algorithm>

namespace forgelm {
namespace {

constexpr int kEdit = 2;  // half edits

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int substitution(char a, char b) {
  if (a == b) return 0;
  return lower(a) == lower(b) || ((a == '-' || a == '_' || a == ' ') && (b == '-' || b == '_' || b == ' ')) ? 1 : kEdit;
}

/// The words of a snake_case name, sorted: `ratio_warmup` and `warmup_ratio` compare equal.
std::string sorted_words(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char c : name) {
    if (c == '_' || c == '-' || c == '.') words.emplace_back();
    else words.back() += lower(c);
  }
  std::sort(words.begin(), words.end());
  std::string joined;
  for (const auto& word : words) joined += word + "_";
  return joined;
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
  std::vector<int> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j) * kEdit;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i) * kEdit;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + kEdit, row[j - 1] + kEdit, last[j - 1] + substitution(a[i - 1], b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + kEdit);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  int best_distance = 0;
  for (const auto& candidate : candidates) {
    int distance = edit_distance(word, candidate);
    if (sorted_words(word) == sorted_words(candidate)) distance = std::min(distance, 1);
    if (best.empty() || distance < best_distance) best = candidate, best_distance = distance;
  }
  const int allowed = std::max(kEdit, static_cast<int>(word.size()) * kEdit / 3);
  if (!best.empty() && best_distance <= allowed) return best;
  // A word that is part of exactly one name (or holds it) is an abbreviation of it: `batch_size`.
  std::string holder;
  for (const auto& candidate : candidates) {
    const bool holds = word.size() >= 3 &&
                       (candidate.find(word) != std::string::npos || word.find(candidate) != std::string_view::npos);
    if (!holds) continue;
    if (!holder.empty()) return "";
    holder = candidate;
  }
  return holder;
}

}  // namespace forgelm
