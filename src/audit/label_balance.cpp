#include "label_balance.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "forgelm/core/text.hpp"
#include "forgelm/data/row_format.hpp"
#include "forgelm/text/characters.hpp"
#include "words.hpp"

namespace forgelm::audit {
namespace {

using data::ColumnSpec;
using data::RowFormat;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kMaxKnownSets = 64;

/// The name by which a column of the format goes among `keys`; "" when it is not there.
std::string name_among(const ColumnSpec& column, const std::vector<std::string>& keys) {
  const auto has = [&](std::string_view name) { return std::find(keys.begin(), keys.end(), name) != keys.end(); };
  if (has(column.name)) return std::string(column.name);
  for (const std::string_view name : column.also)
    if (!name.empty() && has(name)) return std::string(name);
  return {};
}

const ColumnSpec* find_column(const RowFormat& format, std::string_view name) {
  const auto at = std::find_if(format.columns.begin(), format.columns.end(),
                               [&](const ColumnSpec& column) { return column.name == name; });
  return at == format.columns.end() ? nullptr : &*at;
}

/// The formats with this column that fit the keys, the highest rank first.
std::vector<const RowFormat*> formats_with(config::TrainerType trainer, std::string_view column,
                                           const std::vector<std::string>& keys) {
  std::vector<const RowFormat*> formats;
  for (const RowFormat* const format : data::row_formats_for(trainer))
    if (find_column(*format, column) != nullptr && data::has_columns(*format, {}, keys)) formats.push_back(format);
  return formats;
}

/// What is said in a text, a turn or a list of turns: contents, without roles; a line each.
void append_said(const element& value, std::string& out) {
  std::string_view text;
  if (get_text(value, text)) {
    if (!out.empty()) out += '\n';
    out.append(text);
  } else if (value.is_array()) {
    for (const element item : simdjson::dom::array(value)) append_said(item, out);
  } else if (value.is_object()) {
    for (const auto field : object(value))
      if (field.key != "role" && field.key != "from") append_said(field.value, out);
  }
}

std::string said(const element& value) {
  std::string out;
  append_said(value, out);
  return out;
}

/// What is said in each turn of a list, or the one text of anything else.
std::vector<std::string> turns_of(const element& value) {
  std::vector<std::string> turns;
  if (value.is_array())
    for (const element item : simdjson::dom::array(value)) turns.push_back(said(item));
  else turns.push_back(said(value));
  return turns;
}

std::optional<bool> label_of(const element& value, bool has_numbers) {
  if (value.is_bool()) return bool(value);
  double number = 0;
  if (has_numbers && value.is_number() && value.get_double().get(number) == simdjson::SUCCESS &&
      (number == 0 || number == 1))
    return number == 1;
  std::string_view text;
  if (!get_text(value, text)) return std::nullopt;
  const std::string plain = ascii_lower(trim(text));
  if (plain == "true" || plain == "1") return true;
  if (plain == "false" || plain == "0") return false;
  return std::nullopt;
}

/// Bytes that two texts begin with alike, up to the end of a line.
std::size_t shared_lines(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  const std::size_t line_end = a.substr(0, static_cast<std::size_t>(end - a.begin())).rfind('\n');
  return line_end == std::string_view::npos ? 0 : line_end + 1;
}

std::string joined(std::vector<std::string>::const_iterator begin, std::vector<std::string>::const_iterator end) {
  return join(std::vector<std::string>(begin, end), "\n");
}

struct Pair {
  std::string prompt, chosen, rejected;
};

/// Takes what both answers share out of them, into the prompt.
Pair split_pair(const element& chosen, const element& rejected, std::string prompt) {
  if (!chosen.is_array() && !rejected.is_array()) {
    std::string good = said(chosen), bad = said(rejected);
    if (prompt.empty() && good != bad) {
      const std::size_t size = shared_lines(good, bad);
      prompt = good.substr(0, size);
      good.erase(0, size);
      bad.erase(0, size);
    }
    return {std::move(prompt), std::move(good), std::move(bad)};
  }
  const std::vector<std::string> good = turns_of(chosen), bad = turns_of(rejected);
  auto [good_end, bad_end] = std::mismatch(good.begin(), good.end(), bad.begin(), bad.end());
  if (good == bad && !good.empty()) {
    --good_end;  // the answer is the last turn, though they agree in it
    --bad_end;
  }
  if (prompt.empty()) prompt = joined(good.begin(), good_end);
  return {std::move(prompt), joined(good_end, good.end()), joined(bad_end, bad.end())};
}

}  // namespace

LabelCounter::Roles LabelCounter::find_roles(std::vector<std::string> keys) {
  Roles roles;
  std::vector<const RowFormat*> formats = formats_with(config::TrainerType::dpo, "rejected", keys);
  if (!formats.empty()) {
    roles.kind = Roles::Kind::pair;
  } else if (formats = formats_with(config::TrainerType::kto, "label", keys); !formats.empty()) {
    roles.kind = Roles::Kind::labelled;
    formats.resize(1);
    roles.label = name_among(*find_column(*formats[0], "label"), keys);
    for (const std::string_view name : {"completion", "output", "messages"})
      if (const ColumnSpec* const column = find_column(*formats[0], name); column != nullptr && roles.answer.empty()) {
        roles.answer = name_among(*column, keys);
        roles.is_conversation = name == "messages";
      }
  }
  // Which of several formats for pairs a row is of may take its values; the prompt is in the columns of any.
  for (const RowFormat* const format : formats)
    for (const ColumnSpec& column : format->columns) {
      const std::string name = name_among(column, keys);
      const bool is_part = !name.empty() && name != roles.answer && name != roles.label && column.name != "chosen" &&
                           column.name != "rejected" && column.name != "tools" &&
                           std::find(roles.prompts.begin(), roles.prompts.end(), name) == roles.prompts.end();
      if (is_part) roles.prompts.push_back(name);
    }
  roles.keys = std::move(keys);
  return roles;
}

const LabelCounter::Roles& LabelCounter::roles_of(const object& row) {
  const auto is_same = [&](const Roles& roles) {
    std::size_t at = 0;
    for (const auto field : row)
      if (at == roles.keys.size() || roles.keys[at++] != field.key) return false;
    return at == roles.keys.size();
  };
  auto known = std::find_if(known_.begin(), known_.end(), is_same);
  if (known == known_.end()) {
    std::vector<std::string> keys;
    for (const auto field : row) keys.emplace_back(field.key);
    if (known_.size() == kMaxKnownSets) known_.pop_back();
    known_.push_back(find_roles(std::move(keys)));
    known = known_.end() - 1;
  }
  // The last one seen is the next one looked for.
  if (known != known_.begin()) std::iter_swap(known, known_.begin());
  return known_.front();
}

void LabelCounter::add(const object& row, bool has_numbers) {
  const Roles& roles = roles_of(row);
  if (roles.kind == Roles::Kind::pair) add_pair(row, roles);
  else if (roles.kind == Roles::Kind::labelled) add_labelled(row, roles, has_numbers);
}

void LabelCounter::add_pair(const object& row, const Roles& roles) {
  element chosen, rejected, value;
  if (!find_member(row, "chosen", chosen) || !find_member(row, "rejected", rejected)) return;
  std::string prompt;
  for (const std::string& name : roles.prompts)
    if (find_member(row, name, value)) append_said(value, prompt);
  const Pair pair = split_pair(chosen, rejected, std::move(prompt));
  PairBalance& balance = block_.profile.pairs;
  const std::uint64_t good = num_code_points(pair.chosen), bad = num_code_points(pair.rejected);
  ++balance.num_rows;
  if (pair.chosen == pair.rejected) ++balance.num_identical;
  if (text::is_blank(pair.chosen)) ++balance.num_empty_chosen;
  if (text::is_blank(pair.rejected)) ++balance.num_empty_rejected;
  if (good > bad) ++balance.num_chosen_longer;
  if (bad > good) ++balance.num_rejected_longer;
  balance.chosen_characters += good;
  balance.rejected_characters += bad;
  add_prompt(pair.prompt);
}

void LabelCounter::add_labelled(const object& row, const Roles& roles, bool has_numbers) {
  element label, value;
  if (!find_member(row, roles.label, label) || !find_member(row, roles.answer, value)) return;
  std::string prompt, answer;
  for (const std::string& name : roles.prompts) {
    element part;
    if (find_member(row, name, part)) append_said(part, prompt);
  }
  if (roles.is_conversation) {
    const std::vector<std::string> turns = turns_of(value);
    if (!turns.empty()) {
      answer = turns.back();
      prompt += joined(turns.begin(), turns.end() - 1);
    }
  } else {
    answer = said(value);
  }
  LabelBalance& balance = block_.profile.labels;
  const std::uint64_t size = num_code_points(answer);
  ++balance.num_rows;
  if (text::is_blank(answer)) ++balance.num_empty;
  const std::optional<bool> is_desirable = label_of(label, has_numbers);
  if (!is_desirable) ++balance.num_unreadable;
  else if (*is_desirable) ++balance.num_desirable, balance.desirable_characters += size;
  else ++balance.num_undesirable, balance.undesirable_characters += size;
  add_prompt(prompt);
}

void LabelCounter::add_prompt(std::string_view prompt) {
  if (!text::is_blank(prompt)) block_.prompt_hashes.push_back(word_hash(prompt));
}

BlockLabels LabelCounter::take() {
  BlockLabels done = std::move(block_);
  block_ = {};
  return done;
}

}  // namespace forgelm::audit
