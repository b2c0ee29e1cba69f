// {instruction, input?, output, system?, history?}: Stanford Alpaca with the further columns of LLaMA-Factory.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_alpaca;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "instruction", .doc = "what to do", .is_required = true},
    {.name = "input", .doc = "what to do it with"},
    {.name = "output", .doc = "the answer", .is_required = true},
    {.name = "system", .doc = "system prompt", .also = {"System", "system_prompt"}},
    {.name = "history", .doc = "list of earlier [question, answer] pairs"},
};

void convert(const RowView& row, RowOutcome& out) {
  Exchange exchange;
  exchange.system = row.optional_text("system");
  exchange.history = read_history(row, "history");
  exchange.prompt = with_input(row.text("instruction"), row.optional_text("input"));
  exchange.answer = row.text("output");
  accept_exchange(row, std::move(exchange), out);
}

}  // namespace

const RowFormat row_format_alpaca = {
    .name = "alpaca",
    .known_as = "Stanford Alpaca, LLaMA-Factory",
    .meaning = "User: instruction, a line break, input. Assistant: output. `system` and `history` come before.",
    .rank = 62,
    .columns = kColumns,
    .trainers = kSft,
    .tasks = kCompletionTask,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
