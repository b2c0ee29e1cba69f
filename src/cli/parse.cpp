// Which command is meant is decided here by the table; its options are then CLI11's. Long options may be cut short
// where that is unique, as the reference (argparse) allows; CLI11 does not, so they are spelled out before it sees
// them.
#include "parse.hpp"

#include <algorithm>
#include <CLI/CLI.hpp>
#include <map>
#include <span>

#include "forgelm/core/text.hpp"
#include "option_value.hpp"

namespace forgelm::cli {
namespace {

using Words = std::vector<std::string>;

/// The options that may stand with a command, positional ones left out.
std::vector<const OptionSpec*> options_of(const CommandSpec& command) {
  std::vector<const OptionSpec*> options;
  for (const auto& option : command.options)
    if (!option.is_positional) options.push_back(&option);
  for (const auto& option : common_options()) options.push_back(&option);
  if (command.name.empty()) options.push_back(&version_option());
  return options;
}

std::string full_name(std::string_view command) { return command.empty() ? "forgelm" : cat("forgelm ", command); }

[[noreturn]] void fail_option(std::string_view command, const std::string& word,
                              const std::vector<const OptionSpec*>& options) {
  std::vector<std::string> names;
  for (const auto* option : options) names.push_back(cat("--", option->name));
  // An option of another command is no typing mistake.
  for (const CommandSpec* other : sorted_commands())
    for (const auto& option : other->options)
      if (!option.is_positional && cat("--", option.name) == word)
        throw UsageError(command, cat(full_name(command), " has no option ", word),
                         cat("it is an option of ", full_name(other->name)));
  throw UsageError(command, cat(full_name(command), " has no option ", quote(word)), did_you_mean(word, names));
}

/// The option that "--name" or the unique start of a name means.
const OptionSpec* find_option(std::string_view command, const std::string& word,
                              const std::vector<const OptionSpec*>& options) {
  const std::string_view name = std::string_view(word).substr(2);
  std::vector<const OptionSpec*> starting;
  for (const auto* option : options) {
    if (option->name == name) return option;
    if (option->name.starts_with(name)) starting.push_back(option);
  }
  if (starting.size() == 1 && !name.empty()) return starting.front();
  if (starting.size() > 1 && !name.empty()) {
    std::vector<std::string> names;
    for (const auto* option : starting) names.push_back(cat("--", option->name));
    throw UsageError(command, cat(word, " may mean ", join(names, ", ")), "write the option out");
  }
  fail_option(command, word, options);
}

const OptionSpec* find_short(char letter, const std::vector<const OptionSpec*>& options) {
  for (const auto* option : options)
    if (option->short_name == letter) return option;
  return nullptr;
}

bool is_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && !(is_ascii_digit(word[1]) || word[1] == '.');
}

/// True when the word after `word` is its value.
bool takes_next(const std::string& word, const std::vector<const OptionSpec*>& options) {
  if (word.find('=') != std::string::npos) return false;
  const OptionSpec* option = nullptr;
  if (word.starts_with("--")) {
    for (const auto* candidate : options)
      if (candidate->name.starts_with(std::string_view(word).substr(2))) option = candidate;
  } else {
    option = find_short(word.back(), options);
  }
  return option != nullptr && option->kind != OptionKind::flag && !option->is_value_optional;
}

/// Splits the words into those before the command's name, the name, and those after it.
struct Split {
  Words before, after;
  std::string name;
};

Split split_at_command(const Words& words) {
  const CommandSpec* root = find_command("");
  const auto options = options_of(*root);
  Split split;
  std::size_t at = 0;
  for (; at < words.size() && is_option(words[at]) && words[at] != "--"; ++at) {
    split.before.push_back(words[at]);
    if (takes_next(words[at], options) && at + 1 < words.size()) split.before.push_back(words[++at]);
  }
  if (at == words.size()) return split;
  split.name = words[at++];
  while (is_command_group(split.name) && at < words.size() && !is_option(words[at]))
    split.name += cat(" ", words[at++]);
  split.after.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  return split;
}

[[noreturn]] void fail_command(const std::string& name) {
  std::vector<std::string> names;
  for (const CommandSpec* command : sorted_commands()) {
    names.emplace_back(command->name);
    const std::string_view first = command->name.substr(0, command->name.find(' '));
    if (first.size() < command->name.size()) names.emplace_back(first);
  }
  const std::string group = name.substr(0, name.find(' '));
  if (name.ends_with(".yaml") || name.ends_with(".yml"))
    throw UsageError("", cat("there is no command ", quote(name)), cat("to run that job: forgelm --config ", name));
  const std::string hint = did_you_mean(name, names);
  throw UsageError("", cat("there is no command ", quote(name)),
                   !hint.empty()             ? hint
                   : is_command_group(group) ? cat("`forgelm ", group, " --help` lists its commands")
                                             : "`forgelm --help` lists the commands");
}

/// Long options spelled out; unknown ones are refused.
Words spelled_out(const CommandSpec& command, const Words& words) {
  const auto options = options_of(command);
  Words out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      out.insert(out.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    if (!is_option(word)) {
      out.push_back(word);
      continue;
    }
    if (!word.starts_with("--")) {
      if (find_short(word[1], options) == nullptr) fail_option(command.name, word, options);
      out.push_back(word);
    } else {
      const std::size_t equals = word.find('=');
      const OptionSpec* option = find_option(command.name, word.substr(0, equals), options);
      if (equals != std::string::npos && option->kind == OptionKind::flag)
        throw UsageError(command.name,
                         cat("--", option->name, " takes no value, got ", quote(word.substr(equals + 1))));
      out.push_back(cat("--", option->name, equals == std::string::npos ? "" : word.substr(equals)));
    }
    // What follows is the option's value, even when it looks like an option.
    if (takes_next(out.back(), options) && i + 1 < words.size()) {
      const std::string& value = words[++i];
      if (is_option(value))
        throw UsageError(command.name, cat(out.back(), " needs a value, got the option ", value),
                         cat("a value that begins with '-': ", out.back(), "=", value));
      out.push_back(value);
    }
  }
  return out;
}

struct Slot {
  const OptionSpec* spec;
  std::vector<std::string> values;
  CLI::Option* option = nullptr;
};

void declare(CLI::App& app, Slot& slot) {
  const OptionSpec& spec = *slot.spec;
  if (spec.is_positional) {
    slot.option = app.add_option(std::string(spec.name), slot.values);
    if (spec.is_repeated) slot.option->expected(1, -1);
    else slot.option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    return;
  }
  std::string names = cat("--", spec.name);
  if (spec.short_name != 0) names = cat("-", spec.short_name, ",", names);
  if (spec.kind == OptionKind::flag) {
    slot.option = app.add_flag(names);
    return;
  }
  slot.option = app.add_option(names, slot.values)->expected(spec.is_value_optional ? 0 : 1, 1);
  slot.option->allow_extra_args(false);  // CLI11 would let a list take the argument behind it
  slot.option->multi_option_policy(spec.is_repeated ? CLI::MultiOptionPolicy::TakeAll
                                                    : CLI::MultiOptionPolicy::TakeLast);
}

/// What CLI11 says, in forgelm's words.
[[noreturn]] void fail_parse(const CommandSpec& command, const std::vector<Slot>& slots, const CLI::ParseError& error) {
  for (const auto& slot : slots)
    if (std::string_view(error.what()).find(spelled(*slot.spec)) != std::string_view::npos &&
        dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
      throw UsageError(command.name, cat(spelled(*slot.spec), " needs a value: ", accepted_text(*slot.spec)));
  throw UsageError(command.name, error.what());
}

Arguments::Values read_values(const CommandSpec& command, const Words& words) {
  std::vector<Slot> slots;
  for (const auto& option : command.options)
    if (option.is_positional) slots.push_back({&option, {}});
  for (const auto* option : options_of(command)) slots.push_back({option, {}});
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  for (auto& slot : slots) declare(app, slot);
  try {
    app.parse(Words(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    fail_parse(command, slots, error);
  }
  Arguments::Values values;
  for (const auto& slot : slots) {
    if (slot.option->count() == 0) continue;
    auto& out = values[std::string(slot.spec->name)];
    if (slot.spec->kind == OptionKind::flag) out = {"true"};
    else if (slot.values.empty() || (slot.spec->is_value_optional && slot.values.back().empty()))
      out = {std::string(slot.spec->default_text)};
    else out = slot.values;
  }
  if (const auto extras = app.remaining(); !extras.empty() && values.find("help") == values.end())
    throw UsageError(command.name, cat(full_name(command.name), " does not take ", quote(extras.front())),
                     command.name.empty() ? "a job file stands after --config" : "");
  return values;
}

void check_values(const CommandSpec& command, const Arguments::Values& values) {
  const auto check = [&](const OptionSpec& option) {
    const auto found = values.find(option.name);
    if (found == values.end()) {
      if (option.is_required && option.one_of.empty())
        throw UsageError(command.name, cat(spelled(option), " is missing: ", accepted_text(option)),
                         option.name == "config" ? "forgelm --config JOB.yaml, or `forgelm --help`" : "");
      return;
    }
    for (const auto& value : found->second) check_value(command, option, value);
  };
  for (const auto& option : command.options) check(option);
  for (const auto& option : common_options()) check(option);
  std::map<std::string_view, std::vector<std::string>> groups;
  std::map<std::string_view, std::vector<std::string>> members;
  for (const auto& option : command.options) {
    if (option.one_of.empty()) continue;
    members[option.one_of].push_back(spelled(option));
    if (values.find(option.name) != values.end()) groups[option.one_of].push_back(spelled(option));
  }
  for (const auto& [label, given] : groups)
    if (given.size() > 1) throw UsageError(command.name, cat(join(given, " and "), " exclude each other"));
  for (const auto& option : command.options)
    if (option.is_required && !option.one_of.empty() && groups.find(option.one_of) == groups.end())
      throw UsageError(command.name, cat("one of ", join(members[option.one_of], ", "), " is needed"));
}

}  // namespace

Request parse(const Words& words) {
  const Split split = split_at_command(words);
  Request request;
  if (split.name.empty() || find_command(split.name) != nullptr) {
    request.command = find_command(split.name);
  } else if (is_command_group(split.name)) {
    const bool wants_help = std::any_of(split.after.begin(), split.after.end(),
                                        [](const auto& word) { return word == "--help" || word == "-h"; });
    if (!wants_help)
      throw UsageError("", cat("forgelm ", split.name, " needs a command"),
                       cat("`forgelm ", split.name, " --help` lists them"));
    request.kind = Request::Kind::help;
    request.group = split.name;
    return request;
  } else {
    spelled_out(*find_command(""), split.before);  // an option that does not exist explains a value without a home
    fail_command(split.name);
  }
  // Options before the command's name are the common ones.
  Words all = split.before;
  all.insert(all.end(), split.after.begin(), split.after.end());
  request.values = read_values(*request.command, spelled_out(*request.command, all));
  const auto is_given = [&](const char* name) { return request.values.find(name) != request.values.end(); };
  if (is_given("help")) {
    request.kind = Request::Kind::help;
    if (request.command->name.empty()) request.command = nullptr;
  } else if (is_given("version")) {
    request.kind = Request::Kind::version;
  } else {
    check_values(*request.command, request.values);
  }
  return request;
}

std::string early_value(const Words& words, std::string_view name) {
  std::string value;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) continue;
    const std::size_t equals = word.find('=');
    const std::string_view given = std::string_view(word).substr(2, equals == std::string::npos ? equals : equals - 2);
    // "--output" is an option of its own in many commands: only a start that can mean nothing else counts.
    if (given != name && !(given.size() > std::string_view("output").size() && name.starts_with(given))) continue;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    else if (i + 1 < words.size()) value = words[i + 1];
  }
  return value;
}

}  // namespace forgelm::cli
