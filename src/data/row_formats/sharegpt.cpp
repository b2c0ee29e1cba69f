// {conversations, system?, tools?}: ShareGPT's {from, value} turns, with the roles and columns of LLaMA-Factory.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_sharegpt;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "conversations", .doc = "list of {from, value}", .is_required = true, .also = {"conversation"}},
    {.name = "system", .doc = "system prompt, unless the conversation opens with one", .also = {"system_prompt"}},
    {.name = "tools", .doc = "list of tool schemas, or JSON of one"},
};

void convert(const RowView& row, RowOutcome& out) {
  Sample sample;
  sample.kind = SampleKind::chat;
  sample.messages = read_turns(row.at("conversations"));
  if (const auto system = row.find("system")) add_system(sample.messages, system->text());
  sample.tools = read_tools(row.find("tools"));
  accept(std::move(sample), out);
}

}  // namespace

const RowFormat row_format_sharegpt = {
    .name = "sharegpt",
    .known_as = "ShareGPT, Vicuna, LLaMA-Factory",
    .meaning =
        "The conversation through the chat template; `function_call` turns become tool calls, `observation` "
        "turns tool results.",
    .rank = 75,
    .columns = kColumns,
    .trainers = kSft,
    .convert = convert,
};

}  // namespace forgelm::data
