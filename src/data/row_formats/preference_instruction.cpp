// {instruction, input?, chosen, rejected} of LLaMA-Factory's ranking data, {system, question, chosen, rejected} of
// orca_dpo_pairs: plain columns that stand for a conversation.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_preference_instruction;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "instruction", .doc = "what to do", .is_required = true, .also = {"question"}},
    {.name = "input", .doc = "what to do it with"},
    {.name = "chosen", .doc = "the better answer", .is_required = true},
    {.name = "rejected", .doc = "the worse answer", .is_required = true},
    {.name = "system", .doc = "system prompt", .also = {"system_prompt", "System"}},
    {.name = "history", .doc = "list of earlier [question, answer] pairs"},
};

void convert(const RowView& row, RowOutcome& out) {
  const Exchange exchange = verbatim_exchange(row);
  Sample pair;
  pair.kind = SampleKind::preference;
  pair.messages = prompt_turns(exchange);
  pair.chosen = read_turns_or_text(row.at("chosen"), "assistant");
  pair.rejected = read_turns_or_text(row.at("rejected"), "assistant");
  accept_pair(row, std::move(pair), out);
}

}  // namespace

const RowFormat row_format_preference_instruction = {
    .name = "preference_instruction",
    .known_as = "LLaMA-Factory (alpaca, ranking), orca_dpo_pairs",
    .meaning =
        "User: instruction, a line break, input, after the system prompt; then a better and a worse answer. All "
        "goes through the chat template.",
    .rank = 70,
    .columns = kColumns,
    .trainers = kPairTrainers,
    .convert = convert,
};

}  // namespace forgelm::data
