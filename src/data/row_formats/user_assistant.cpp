// {User, Assistant, System?}: the columns of the Python original, which also takes instruction for User and output or
// response for Assistant, in any combination.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_user_assistant;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "User", .doc = "what the user says", .is_required = true, .also = {"instruction"}},
    {.name = "Assistant", .doc = "the answer", .is_required = true, .also = {"output", "response"}},
    {.name = "System", .doc = "system prompt", .also = {"system", "system_prompt"}},
};

void convert(const RowView& row, RowOutcome& out) {
  Exchange exchange;
  exchange.system = row.optional_text("System");
  exchange.prompt = row.text("User");
  exchange.answer = row.text("Assistant");
  accept_exchange(row, std::move(exchange), out);
}

}  // namespace

const RowFormat row_format_user_assistant = {
    .name = "user_assistant",
    .known_as = "ForgeLM",
    .meaning = "User and assistant, after the system prompt.",
    .rank = 58,
    .columns = kColumns,
    .trainers = kSft,
    .tasks = kCompletionTask,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
