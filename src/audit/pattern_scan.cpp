// A text's triggers say which kinds to look for; each of those is looked for
// with its own expression, from the left, without overlaps, as Python's findall
// and sub do. A match that the validator refuses is stepped over whole.
#include "forgelm/audit/pattern_scan.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <tuple>

#include "byte_set.hpp"
#include "entities.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/secret_shapes.hpp"
#include "forgelm/core/text.hpp"
#include "pattern_table.hpp"

namespace forgelm::audit {
namespace {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = [] {
    std::vector<Kind> made;
    for (const KindRow& row : kind_rows()) made.push_back(row.kind);
    for (const Kind& kind : entity_kinds()) made.push_back(kind);  // found by a model: they have no pattern
    return made;
  }();
  return all;
}

/// Made when it is needed first: making all of them takes longer than reading a megabyte, and most texts need few.
const Pattern& pattern_of(std::size_t kind) {
  struct Slot {
    std::once_flag is_made;
    std::optional<Pattern> pattern;
  };
  static std::deque<Slot> slots(kind_rows().size());
  Slot& slot = slots[kind];
  std::call_once(slot.is_made, [&] {
    const KindRow& row = kind_rows()[kind];
    slot.pattern.emplace(row.expression, Pattern::Options{row.classes, row.dot_is_all, true});
  });
  return *slot.pattern;
}

Triggers triggers_of(std::string_view text, ScanEngine engine) {
  const bool by_hyperscan =
      engine == ScanEngine::hyperscan || (engine == ScanEngine::best && does_hyperscan_pay(text.size()));
  Triggers found;
  if (text.size() >= kShortestMatch) find_class_triggers(text, found);
  if (text.size() >= kShortestToken)
    found.set |= by_hyperscan ? find_literals_hyperscan(text) : find_literals_portable(text);
  return found;
}

/// Where matches of kind `index`, which has triggers in the text, may begin: [begin, end].
struct Window {
  std::size_t begin, end;
};
Window window_of(std::size_t index, std::string_view text, const Triggers& triggers) {
  const NumberSet set = triggers.set & triggers_of_kinds()[index];
  if (set.test(literal_trigger(index))) return {0, text.size()};
  Window window = {text.size(), 0};
  set.for_each([&](std::size_t trigger) {
    window.begin = std::min(window.begin, triggers.places[trigger].begin);
    window.end = std::max(window.end, triggers.places[trigger].end);
  });
  window.begin -= std::min(window.begin, kReach);
  while (window.begin > 0 && !begins_character(text[window.begin])) --window.begin;
  return window;
}

/// Calls `take` for every valid match of kind `index`, which has triggers in the text, from the left.
template <class Take>
void for_each_match(std::size_t index, std::string_view text, const Triggers& triggers, Take take) {
  const Window window = window_of(index, text, triggers);
  const Pattern& pattern = pattern_of(index);
  const Validator validator = kind_rows()[index].validator;
  std::size_t at = window.begin;
  try {
    while (const auto found = pattern.find(text, at, window.end)) {
      if (validator == nullptr || validator(text.substr(found->begin, found->end - found->begin)))
        take(found->begin, found->end);
      at = found->end;
    }
  } catch (const RunError&) {
    take(at, text.size());  // nobody can say that the rest is clean
  }
}

bool is_in(const Kind& kind, KindScope scope) { return scope == KindScope::all || kind.is_reference; }

std::string mask(std::string_view text, Family family, KindScope scope, std::string_view replacement, Counts* counts) {
  std::string masked(text);
  const auto& rows = kind_rows();
  Triggers triggers = triggers_of(masked, ScanEngine::best);
  NumberSet wanted = kinds_of(triggers.set);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!wanted.test(i) || rows[i].kind.family != family || !is_in(rows[i].kind, scope)) continue;
    std::string out;
    std::size_t done = 0;
    for_each_match(i, masked, triggers, [&](std::size_t begin, std::size_t end) {
      out.append(masked, done, begin - done).append(replacement);
      done = end;
      if (counts != nullptr) ++(*counts)[std::string(rows[i].kind.name)];
    });
    if (done == 0) continue;
    masked = out.append(masked, done);
    triggers = Triggers::everywhere();  // what was put in has made new neighbours
    wanted = kinds_of(triggers.set);
  }
  return masked;
}

}  // namespace

std::span<const Kind> all_kinds() noexcept { return kinds(); }

int find_kind(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kinds().size(); ++i)
    if (kinds()[i].name == name) return static_cast<int>(i);
  return -1;
}

PatternScanner::PatternScanner(ScanEngine engine) : engine_(engine) {
  if (engine == ScanEngine::hyperscan && !has_hyperscan())
    throw RunError(RunErrorKind::internal, "this build or this processor has no Hyperscan");
}

Triggers Triggers::everywhere() {
  Triggers all;
  for (std::size_t i = 0; i < kNumClassTriggers + kind_rows().size(); ++i) all.set.set(i);
  all.places.fill({0, static_cast<std::size_t>(-1)});
  return all;
}

Triggers PatternScanner::triggers(std::string_view text) const { return triggers_of(text, engine_); }

void PatternScanner::scan(std::string_view text, const Triggers& triggers, std::vector<Match>& found,
                          KindScope scope) const {
  found.clear();
  if (!triggers.set.any()) return;
  kinds_of(triggers.set).for_each([&](std::size_t kind) {
    if (!is_in(kind_rows()[kind].kind, scope)) return;
    for_each_match(kind, text, triggers, [&](std::size_t begin, std::size_t end) {
      found.push_back({static_cast<std::uint16_t>(kind), begin, end});
    });
  });
  if (found.size() < 2) return;
  std::stable_sort(found.begin(), found.end(), [](const Match& a, const Match& b) {
    return std::tie(a.begin, a.kind) < std::tie(b.begin, b.kind);
  });
}

std::vector<Match> PatternScanner::scan(std::string_view text) const {
  std::vector<Match> found;
  scan(text, triggers(text), found);
  return found;
}

std::vector<Match> without_overlaps(std::vector<Match> found) {
  const auto rank = [](const Match& match) {
    const Kind& kind = kinds()[match.kind];
    return std::make_tuple(kind.tier, !kind.is_checked, match.begin - match.end, kind.is_reference);
  };
  std::stable_sort(found.begin(), found.end(), [&](const Match& a, const Match& b) { return rank(a) < rank(b); });
  std::vector<Match> kept;
  for (const Match& match : found) {
    const bool is_free = std::none_of(kept.begin(), kept.end(), [&](const Match& other) {
      return match.begin < other.end && other.begin < match.end;
    });
    if (is_free) kept.push_back(match);
  }
  std::sort(kept.begin(), kept.end(), [](const Match& a, const Match& b) { return a.begin < b.begin; });
  return kept;
}

std::string mask_pii(std::string_view text, KindScope scope, Counts* counts) {
  return mask(text, Family::pii, scope, kPiiMask, counts);
}

std::string mask_secrets(std::string_view text, KindScope scope, Counts* counts) {
  return mask(text, Family::secret, scope, kSecretMask, counts);
}

std::string masked_excerpt(std::string_view text, const Match& match) {
  constexpr std::size_t kMaxStars = 16;
  const std::u32string points = to_code_points(text.substr(match.begin, match.end - match.begin));
  // A tenth of it, and no more than two characters at an end, cannot be
  // completed by guessing.
  const std::size_t shown = std::min<std::size_t>(2, points.size() / 8);
  std::string out;
  const auto append = [&](std::size_t at) {
    if (is_unsafe_to_show(points[at])) out += '?';
    else append_utf8(out, points[at]);
  };
  for (std::size_t i = 0; i < shown; ++i) append(i);
  out.append(std::min(kMaxStars, points.size() - 2 * shown), '*');
  if (kinds()[match.kind].family == Family::pii)
    for (std::size_t i = points.size() - shown; i < points.size(); ++i) append(i);
  return out;
}

}  // namespace forgelm::audit
