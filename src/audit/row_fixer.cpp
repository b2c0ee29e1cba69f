#include "row_fixer.hpp"

#include <algorithm>

#include "forgelm/core/secret_shapes.hpp"
#include "forgelm/core/text.hpp"
#include "json_strings.hpp"
#include "row_text.hpp"

namespace forgelm::audit {
namespace {

// Masking can bring neighbours together that are a finding anew. Each round takes matches away, and a string for which
// this many do not suffice is masked whole.
constexpr int kMaxRounds = 8;

std::string_view mask_of(std::uint16_t kind) {
  return all_kinds()[kind].family == Family::secret ? kSecretMask : kPiiMask;
}

DropReason fault(RowFault fault) { return {DropReason::fault, static_cast<std::uint16_t>(fault)}; }

}  // namespace

/// matches_: of kinds that a rule concerns.
void RowFixer::find_selected(std::string_view text) {
  matches_ = scanner_.scan(text);
  std::erase_if(matches_, [&](const Match& match) { return rules_.of_kind(match.kind).action == FixAction::keep; });
}

bool RowFixer::mask_string(std::string_view bytes, std::string& out, Masking& masking, DropReason& drop) {
  std::string current(bytes), text = decode_json_string(bytes);
  bool is_changed = false;
  for (int round = 0;; ++round) {
    find_selected(text);
    if (matches_.empty()) break;
    for (const Match& match : matches_) {
      if (rules_.of_kind(match.kind).action != FixAction::drop) continue;
      drop = {DropReason::kind, match.kind};
      return false;
    }
    matches_ = without_overlaps(std::move(matches_));
    is_changed = true;
    if (round == kMaxRounds) {
      ++masking.kinds[matches_.front().kind];
      current = mask_of(matches_.front().kind);
      break;
    }
    std::string masked;
    JsonStringCursor cursor(current);
    std::size_t done = 0;
    for (const Match& match : matches_) {
      // A card's expression takes the blank behind it too; the sentence needs it.
      std::size_t end = match.end;
      while (end > match.begin + 1 && text[end - 1] == ' ') --end;
      const std::size_t begin = cursor.offset_of(match.begin);
      masked.append(current, done, begin - done).append(mask_of(match.kind));
      done = cursor.offset_of(end);
      ++masking.kinds[match.kind];
    }
    current = masked.append(current, done);
    text = decode_json_string(current);
  }
  out.append(current);
  return is_changed;
}

bool RowFixer::mask_strings(std::string_view line, FixedRow& fixed) {
  std::string out;
  std::size_t done = 0;
  for_each_json_string(line, [&](const JsonString& string) {
    if (fixed.drop.is_dropped()) return;
    const std::size_t before = out.size();
    out.append(line, done, string.begin - done);
    Masking masking;
    if (mask_string(line.substr(string.begin, string.end - string.begin), out, masking, fixed.drop)) {
      masking.field = string.path;
      fixed.maskings.push_back(std::move(masking));
      done = string.end;
    } else {
      out.resize(before);
      if (fixed.drop.is_dropped()) fixed.field = string.path;
    }
  });
  if (!fixed.maskings.empty()) fixed.changed = out.append(line, done);
  return !fixed.drop.is_dropped();
}

/// What training reads as one text can hold a finding that no string of it holds alone: nothing to be masked in place.
void RowFixer::check_across_strings(FixedRow& fixed) {
  const std::string_view text = row_text(row_.value, text_buffer_);
  if (text.data() != text_buffer_.data() || text.find('\n') == std::string_view::npos) return;
  find_selected(text);
  if (!matches_.empty()) fixed.drop = {DropReason::kind, matches_.front().kind};
}

FixedRow RowFixer::fix(std::string_view line, std::size_t num_readable) {
  FixedRow fixed;
  if (!is_valid_utf8(line)) {
    const FixAction action = rules_.of(RowFault::encoding).action;
    if (action == FixAction::drop) {
      fixed.drop = fault(RowFault::encoding);
      return fixed;
    }
    if (action == FixAction::mask) {
      fixed.is_decoded = true;
      fixed.changed = to_valid_utf8(line);
      line = *fixed.changed;
      num_readable = 0;
    }
  }
  row_ = reader_.read(line, num_readable);
  if (row_.state == LineState::blank) {
    fixed = {};
    fixed.is_blank = true;
    return fixed;
  }
  const bool is_readable = row_.state == LineState::row && row_.value.is_object();
  if (!is_readable && rules_.of(RowFault::unreadable).action == FixAction::drop) {
    fixed.drop = fault(RowFault::unreadable);
    return fixed;
  }
  if (row_.state == LineState::bad) return fixed;  // kept as it is: nobody can say what in it is text
  const std::string decoded = fixed.is_decoded ? *fixed.changed : std::string();
  if (!mask_strings(fixed.is_decoded ? std::string_view(decoded) : line, fixed)) return fixed;
  if (!fixed.maskings.empty()) row_ = reader_.read(*fixed.changed, 0);
  if (row_.value.is_object()) check_across_strings(fixed);
  return fixed;
}

}  // namespace forgelm::audit
