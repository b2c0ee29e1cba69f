// {prompt, ...}: prompts for GRPO and PPO; every other field of the row goes to the reward functions.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_prompt;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "prompt", .doc = "text, or list of messages", .is_required = true},
    {.name = "gold_answer", .doc = "what the built-in maths reward compares with: text or a number"},
    {.name = "tools", .doc = "list of tool schemas, or JSON of one"},
};

void convert(const RowView& row, RowOutcome& out) {
  Sample sample;
  sample.kind = SampleKind::prompt;
  const Cell prompt = row.at("prompt");
  if (prompt.is_text()) sample.prompt_text = prompt.value().text();
  else sample.messages = read_turns_or_text(prompt, "user");
  sample.tools = read_tools(row.find("tools"));
  sample.fields = Json::object();
  for (const auto& [key, value] : row.row().value.members()) {
    const std::string_view name = row.names().known_as(key);
    if (!name.empty() && name != "prompt" && name != "tools") sample.fields.members().emplace_back(name, value);
  }
  accept(std::move(sample), out);
}

}  // namespace

const RowFormat row_format_prompt = {
    .name = "prompt",
    .known_as = "TRL prompt-only (GRPO, PPO)",
    .meaning =
        "A prompt to be answered. Text is used as it stands, messages go through the chat template; all other "
        "fields go to the reward functions.",
    .rank = 50,
    .columns = kColumns,
    .trainers = kPromptTrainers,
    .convert = convert,
};

}  // namespace forgelm::data
