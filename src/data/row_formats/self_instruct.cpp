// {instruction, instances: [{input, output}]}: Self-Instruct's seed tasks; one sample an instance.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_self_instruct;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "instruction", .doc = "what to do", .is_required = true},
    {.name = "instances", .doc = "list of {input, output}", .is_required = true},
};

void convert(const RowView& row, RowOutcome& out) {
  const std::string instruction = row.text("instruction");
  const Cell instances = row.at("instances");
  if (!instances.is_list() || instances.size() == 0) instances.fail_kind("a list of {input, output}");
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const Cell instance = instances.at(i);
    if (!instance.is_object()) instance.fail_kind("an object {input, output}");
    const auto input = instance.find("input"), output = instance.find("output");
    if (!output) instance.fail(std::string("has no output; it is ") + describe_value(instance.value()));
    Exchange exchange;
    exchange.prompt = with_input(instruction, input ? row.cleaned(input->text()) : std::string());
    exchange.answer = row.cleaned(output->text());
    accept_exchange(row, std::move(exchange), out);
  }
}

}  // namespace

const RowFormat row_format_self_instruct = {
    .name = "self_instruct",
    .known_as = "Self-Instruct seed tasks",
    .meaning = "One sample an instance. User: instruction, a line break, input. Assistant: output.",
    .rank = 70,
    .columns = kColumns,
    .trainers = kSft,
    .tasks = kCompletionTask,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
