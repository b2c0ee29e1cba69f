// {messages, tools?}: conversations as OpenAI's and transformers' chat formats write them.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_messages;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "messages", .doc = "list of {role, content, ...}", .is_required = true},
    {.name = "tools", .doc = "list of tool schemas, or JSON of one"},
};

void convert(const RowView& row, RowOutcome& out) {
  Sample sample;
  sample.kind = SampleKind::chat;
  sample.messages = read_turns(row.at("messages"));
  sample.tools = read_tools(row.find("tools"));
  accept(std::move(sample), out);
}

}  // namespace

const RowFormat row_format_messages = {
    .name = "messages",
    .known_as = "OpenAI, transformers, TRL conversational language modelling",
    .meaning = "The conversation, with its tool calls, through the chat template.",
    .rank = 80,
    .columns = kColumns,
    .trainers = kSft,
    .convert = convert,
};

}  // namespace forgelm::data
