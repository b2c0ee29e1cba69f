// A row's text is strings of the row with line ends between them, nearly always
// in the order of the file: then those strings are known as its parts.
// Otherwise the text is looked through by itself.
#include "entities.hpp"

#include <algorithm>
#include <array>

#include "block_audit.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

struct LabelName {
  std::string_view label;
  EntityKind kind;
};

/// CoNLL's, OntoNotes' and those of models made for finding personal data.
constexpr LabelName kLabels[] = {
    {"PER", EntityKind::person},
    {"PERSON", EntityKind::person},
    {"PERS", EntityKind::person},
    {"NAME", EntityKind::person},
    {"FIRSTNAME", EntityKind::person},
    {"MIDDLENAME", EntityKind::person},
    {"LASTNAME", EntityKind::person},
    {"GIVENNAME", EntityKind::person},
    {"SURNAME", EntityKind::person},
    {"PATIENT", EntityKind::person},
    {"DOCTOR", EntityKind::person},
    {"STAFF", EntityKind::person},
    {"ORG", EntityKind::organization},
    {"ORGANIZATION", EntityKind::organization},
    {"ORGANISATION", EntityKind::organization},
    {"COMPANY", EntityKind::organization},
    {"COMPANYNAME", EntityKind::organization},
    {"HOSPITAL", EntityKind::organization},
    {"LOC", EntityKind::location},
    {"LOCATION", EntityKind::location},
    {"GPE", EntityKind::location},
    {"FAC", EntityKind::location},
    {"CITY", EntityKind::location},
    {"COUNTY", EntityKind::location},
    {"STATE", EntityKind::location},
    {"STREET", EntityKind::location},
};

/// Without white space at its ends.
Entity trimmed(Entity entity, std::string_view text) {
  const auto is_space = [&](std::size_t at) { return static_cast<unsigned char>(text[at]) <= ' '; };
  entity.end = std::min(entity.end, text.size());
  while (entity.begin < entity.end && is_space(entity.begin)) ++entity.begin;
  while (entity.begin < entity.end && is_space(entity.end - 1)) --entity.end;
  return entity;
}

}  // namespace

EntityFinder::~EntityFinder() = default;

std::optional<EntityKind> entity_kind_of(std::string_view label) {
  std::string name;
  if (label.size() > 2 && label[1] == '-') label.remove_prefix(2);
  for (const char c : label)
    if (c != '_' && c != '-' && c != ' ') name += c;
  name = ascii_upper(name);
  for (const LabelName& known : kLabels)
    if (known.label == name) return known.kind;
  return std::nullopt;
}

std::vector<Kind> entity_kinds() {
  return {{"person", Family::pii, Tier::medium, true, false, "name of a person, by a model"},
          {"organization", Family::pii, Tier::low, true, false, "name of an organization, by a model"},
          {"location", Family::pii, Tier::low, true, false, "name of a place, by a model"}};
}

std::size_t num_pattern_kinds() {
  static const std::size_t count = all_kinds().size() - entity_kinds().size();
  return count;
}

std::uint16_t kind_index(EntityKind kind) {
  return static_cast<std::uint16_t>(num_pattern_kinds() + static_cast<std::size_t>(kind));
}

void EntityPass::start_row(std::string_view text, std::uint64_t line, std::uint64_t row) {
  row_text_ = text;
  line_ = line;
  row_ = row;
  first_of_row_ = items_.size();
  row_text_done_ = 0;
}

void EntityPass::add_string(const std::string& field, std::string_view text) {
  if (finder_ == nullptr) return;
  // The next part of the row's text? Blank strings are parts too, with nothing
  // to be found in them.
  const std::string_view rest = row_text_.substr(std::min(row_text_done_, row_text_.size()));
  const bool is_part = row_text_done_ <= row_text_.size() && rest.starts_with(text) &&
                       (rest.size() == text.size() || rest[text.size()] == '\n');
  if (is_part && !row_text_.empty()) row_text_done_ += text.size() + 1;
  has_item_ = !text::is_blank(text);
  if (!has_item_) return;
  items_.push_back({std::string(text), field, line_, row_, true, is_part, {}});
}

void EntityPass::add_taken(std::size_t begin, std::size_t end) {
  if (finder_ != nullptr && has_item_) items_.back().taken.emplace_back(begin, end);
}

void EntityPass::end_row() {
  if (finder_ == nullptr || row_text_done_ > row_text_.size()) return;
  for (std::size_t i = first_of_row_; i < items_.size(); ++i) items_[i].is_row_text = false;
  if (!text::is_blank(row_text_)) items_.push_back({std::string(row_text_), {}, line_, row_, false, true, {}});
}

void EntityPass::finish(BlockAudit& block, std::size_t max_findings) {
  if (finder_ == nullptr || items_.empty()) return;
  const std::vector<std::string_view> texts = [&] {
    std::vector<std::string_view> all;
    for (const Item& item : items_) all.emplace_back(item.text);
    return all;
  }();
  const std::vector<std::vector<Entity>> found = finder_->find(texts);
  for (std::size_t i = 0; i < items_.size() && i < found.size(); ++i) {
    const Item& item = items_[i];
    for (const Entity& raw : found[i]) {
      const Entity entity = trimmed(raw, item.text);
      if (entity.begin >= entity.end) continue;
      const std::uint16_t kind = kind_index(entity.kind);
      if (item.is_row_text) ++block.reference_counts[kind];
      const bool is_taken = std::any_of(item.taken.begin(), item.taken.end(), [&](const auto& place) {
        return entity.begin < place.second && place.first < entity.end;
      });
      if (!item.is_string || is_taken) continue;
      ++block.found_counts[kind];
      if (block.findings.size() >= max_findings) continue;
      const std::string_view text = item.text;
      const std::uint64_t begin = num_code_points(text.substr(0, entity.begin));
      block.findings.push_back({kind, item.line, item.row, item.field, begin,
                                begin + num_code_points(text.substr(entity.begin, entity.end - entity.begin)),
                                masked_excerpt(text, {kind, entity.begin, entity.end})});
    }
  }
  std::stable_sort(block.findings.begin(), block.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.row < b.row; });
  items_.clear();
}

}  // namespace forgelm::audit
