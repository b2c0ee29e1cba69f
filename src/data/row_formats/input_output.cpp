// {input, output}: two plain columns without an instruction.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_input_output;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "input", .doc = "what the user says", .is_required = true},
    {.name = "output", .doc = "the answer", .is_required = true},
    {.name = "system", .doc = "system prompt", .also = {"System", "system_prompt"}},
};

void convert(const RowView& row, RowOutcome& out) {
  Exchange exchange;
  exchange.system = row.optional_text("system");
  exchange.prompt = row.text("input");
  exchange.answer = row.text("output");
  if (row.task_is(config::DataTask::summarization)) exchange.prompt = summarization_prompt(exchange.prompt);
  if (row.task_is(config::DataTask::question_answering)) exchange.prompt = question_prompt("", exchange.prompt);
  accept_exchange(row, std::move(exchange), out);
}

}  // namespace

const RowFormat row_format_input_output = {
    .name = "input_output",
    .known_as = "ModelForge and others",
    .meaning = "User: input. Assistant: output.",
    .rank = 40,
    .columns = kColumns,
    .trainers = kSft,
    .tasks = kPlainTasks,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
