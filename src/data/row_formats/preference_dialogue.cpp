// {chosen, rejected} as dialogues in one text each, as in Anthropic's hh-rlhf: "\n\nHuman: ...\n\nAssistant: ...".
#include "../pairs.hpp"
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_preference_dialogue;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "chosen", .doc = "dialogue that ends with the better answer", .is_required = true},
    {.name = "rejected", .doc = "dialogue that ends with the worse answer", .is_required = true},
};

bool fits(const RowView& row) {
  const auto chosen = row.find("chosen"), rejected = row.find("rejected");
  return chosen && rejected && chosen->is_text() && rejected->is_text() && is_dialogue(chosen->value().text()) &&
         is_dialogue(rejected->value().text());
}

void convert(const RowView& row, RowOutcome& out) {
  constexpr std::string_view kAllowed = "a dialogue that starts with an empty line and \"Human:\"";
  const Cell chosen = row.at("chosen"), rejected = row.at("rejected");
  for (const Cell* dialogue : {&chosen, &rejected})
    if (!is_dialogue(dialogue->text(kAllowed))) dialogue->fail_kind(kAllowed);
  if (chosen.value().text() == rejected.value().text()) {
    out.dropped_because = kSameAnswers;
    return;
  }
  Sample pair;
  pair.kind = SampleKind::preference;
  split_conversations(read_dialogue(chosen.value().text()), read_dialogue(rejected.value().text()), pair);
  accept_pair(row, std::move(pair), out);
}

}  // namespace

const RowFormat row_format_preference_dialogue = {
    .name = "preference_dialogue",
    .known_as = "Anthropic hh-rlhf",
    .meaning =
        "Both texts are read as turns (`Human:`, `Assistant:`); the turns that they share are the prompt. The "
        "turns go through the chat template.",
    .rank = 65,
    .columns = kColumns,
    .trainers = kPairTrainers,
    .fits = fits,
    .convert = convert,
};

}  // namespace forgelm::data
