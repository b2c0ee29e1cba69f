// {instruction, input?, output, kto_tag}: LLaMA-Factory's KTO data in alpaca's columns.
#include "../labels.hpp"
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_labelled_instruction;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "instruction", .doc = "what to do", .is_required = true},
    {.name = "input", .doc = "what to do it with"},
    {.name = "output", .doc = "the answer", .is_required = true, .also = {"response"}},
    {.name = "label", .doc = "whether the answer is desirable", .is_required = true, .also = {"kto_tag"}},
    {.name = "system", .doc = "system prompt", .also = {"system_prompt", "System"}},
    {.name = "history", .doc = "list of earlier [question, answer] pairs"},
};

void convert(const RowView& row, RowOutcome& out) {
  const Exchange exchange = verbatim_exchange(row);
  Sample sample;
  sample.kind = SampleKind::labelled;
  sample.is_desirable = read_label(row.at("label"));
  sample.messages = prompt_turns(exchange);
  sample.chosen = read_turns_or_text(row.at("output"), "assistant");
  accept(std::move(sample), out);
}

}  // namespace

const RowFormat row_format_labelled_instruction = {
    .name = "labelled_instruction",
    .known_as = "LLaMA-Factory (alpaca, KTO)",
    .meaning =
        "User: instruction, a line break, input. Assistant: output, and whether it is desirable. All goes "
        "through the chat template.",
    .rank = 80,
    .columns = kColumns,
    .trainers = kKto,
    .convert = convert,
};

}  // namespace forgelm::data
