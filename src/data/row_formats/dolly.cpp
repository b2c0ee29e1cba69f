// {instruction, context?, response}: Databricks Dolly.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_dolly;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "instruction", .doc = "what to do", .is_required = true},
    {.name = "context", .doc = "what to do it with"},
    {.name = "response", .doc = "the answer", .is_required = true},
    {.name = "system", .doc = "system prompt", .also = {"System", "system_prompt"}},
};

void convert(const RowView& row, RowOutcome& out) {
  Exchange exchange;
  exchange.system = row.optional_text("system");
  exchange.prompt = with_input(row.text("instruction"), row.optional_text("context"));
  exchange.answer = row.text("response");
  accept_exchange(row, std::move(exchange), out);
}

}  // namespace

const RowFormat row_format_dolly = {
    .name = "dolly",
    .known_as = "Databricks Dolly",
    .meaning = "User: instruction, a line break, context. Assistant: response.",
    .rank = 60,
    .columns = kColumns,
    .trainers = kSft,
    .tasks = kCompletionTask,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
