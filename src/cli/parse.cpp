// Which command is meant is decided here by the table; its options are then CLI11's. Long options may be cut short
// where that is unique, as the reference (argparse) allows; CLI11 does not, so they are spelled out before it sees
// them. The trap: CLI11 lets `--name=` take the word behind it, so a value always reaches it as a word of its own.
#include "parse.hpp"

#include <algorithm>
#include <CLI/CLI.hpp>
#include <map>
#include <span>

#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "option_value.hpp"

namespace forgelm::cli {
namespace {

using Words = std::vector<std::string>;

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

/// True when `next`, the word after the option `word`, is its value. Where the value may be left out, the name of a
/// command is none.
bool takes_next(const std::string& word, const std::string& next, const std::vector<const OptionSpec*>& options) {
  if (word.find('=') != std::string::npos) return false;
  const OptionSpec* option = nullptr;
  if (word.starts_with("--")) {
    for (const auto* candidate : options)
      if (candidate->name.starts_with(std::string_view(word).substr(2))) option = candidate;
  } else {
    option = find_short(word.back(), options);
  }
  if (option == nullptr || option->kind == OptionKind::flag) return false;
  return !option->is_value_optional || !(is_option(next) || is_command_group(next) || find_command(next) != nullptr);
}

/// Splits the words into those before the command's name, the name, and those after it.
struct Split {
  Words before, after;
  std::string name;
};

Split split_at_command(const Words& words) {
  const CommandSpec* root = find_command("");
  const auto options = accepted_options(*root);
  Split split;
  std::size_t at = 0;
  for (; at < words.size() && is_option(words[at]) && words[at] != "--"; ++at) {
    split.before.push_back(words[at]);
    if (at + 1 < words.size() && takes_next(words[at], words[at + 1], options)) split.before.push_back(words[++at]);
  }
  if (at < words.size() && words[at] == "--") ++at;
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
    throw UsageError("", cat("there is no command ", quote(name)),
                     cat("to run that job: forgelm --config ", escape_for_line(name)));
  const std::string hint = did_you_mean(name, names);
  throw UsageError("", cat("there is no command ", quote(name)),
                   !hint.empty()             ? hint
                   : is_command_group(group) ? cat("`forgelm ", group, " --help` lists its commands")
                                             : "`forgelm --help` lists the commands");
}

/// The words sorted out: options spelled out, each value a word of its own behind its option; and what is no option.
struct Line {
  Words options, positionals;
};

class Sorter {
 public:
  Sorter(const CommandSpec& command, const Words& words)
      : command_(command), options_(accepted_options(command)), words_(words) {}

  Line sort() {
    bool is_past_mark = false;
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      if (is_past_mark || !is_option(word)) line_.positionals.push_back(word);
      else if (word == "--") is_past_mark = true;
      else if (word.starts_with("--")) add_long(word);
      else add_short(word);
    }
    return std::move(line_);
  }

 private:
  void add_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const OptionSpec& option = *find_option(command_.name, word.substr(0, equals), options_);
    if (equals == std::string::npos) return add(option, std::nullopt);
    if (option.kind == OptionKind::flag)
      throw UsageError(command_.name, cat(spelled(option), " takes no value, got ", quote(word.substr(equals + 1))));
    add(option, word.substr(equals + 1));
  }

  /// "-q", or several in one word: "-qh". What stands behind the letter of an option with a value is its value.
  void add_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const OptionSpec* option = find_short(word[i], options_);
      if (option == nullptr) fail_option(command_.name, cat("-", word.substr(i, 1)), options_);
      if (option->kind == OptionKind::flag) {
        add(*option, std::nullopt);
        continue;
      }
      std::string rest = word.substr(i + 1);
      if (rest.starts_with('=')) rest.erase(0, 1);
      add(*option, rest.empty() ? std::nullopt : std::optional(rest));
      return;
    }
  }

  void add(const OptionSpec& option, std::optional<std::string> value) {
    line_.options.push_back(spelled(option));
    if (option.kind == OptionKind::flag) return;
    const bool has_next = at_ < words_.size() && !is_option(words_[at_]);
    if (!value && has_next) value = words_[at_++];
    if (!value && option.is_value_optional) value = std::string(option.default_text);
    if (!value && at_ < words_.size())
      throw UsageError(command_.name, cat(spelled(option), " needs a value, got the option ", quote(words_[at_])),
                       cat("a value that begins with '-' is written ", spelled(option), "=VALUE"));
    if (!value) throw UsageError(command_.name, cat(spelled(option), " needs a value: ", accepted_text(option)));
    line_.options.push_back(std::move(*value));
  }

  const CommandSpec& command_;
  std::vector<const OptionSpec*> options_;
  const Words& words_;
  std::size_t at_ = 0;
  Line line_;
};

/// Each option's texts. CLI11 is given no variables to fill: it would take "[a,b]" and "{}" apart.
Arguments::Values read_options(const CommandSpec& command, const Words& words) {
  CLI::App app;
  app.set_help_flag();
  std::vector<std::pair<const OptionSpec*, CLI::Option*>> declared;
  for (const OptionSpec* option : accepted_options(command)) {
    CLI::Option* made = option->kind == OptionKind::flag ? app.add_flag(spelled(*option))
                                                         : app.add_option(spelled(*option))->expected(1);
    made->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    declared.emplace_back(option, made);
  }
  try {
    app.parse(Words(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    throw UsageError(command.name, error.what());
  }
  Arguments::Values values;
  for (const auto& [option, made] : declared) {
    if (made->count() == 0) continue;
    auto& out = values[std::string(option->name)];
    if (option->kind == OptionKind::flag) out = {"true"};
    else if (option->is_repeated) out = made->results();
    else out = {made->results().back()};
  }
  return values;
}

/// One word for each positional argument in order; a repeated one, which is the last, takes all that are left.
void read_positionals(const CommandSpec& command, const Words& words, Arguments::Values& values) {
  std::size_t at = 0;
  for (const auto& option : command.options) {
    if (!option.is_positional || at == words.size()) continue;
    auto& out = values[std::string(option.name)];
    do out.push_back(words[at++]);
    while (option.is_repeated && at < words.size());
  }
  if (at < words.size() && values.find("help") == values.end())
    throw UsageError(command.name, cat(full_name(command.name), " does not take ", quote(words[at])),
                     command.name.empty() ? "a job file stands after --config" : "");
}

void check_values(const CommandSpec& command, const Arguments::Values& values) {
  for (const auto options : {command.options, common_options()})
    for (const auto& option : options)
      if (const auto found = values.find(option.name); found != values.end() && option.kind != OptionKind::flag)
        for (const auto& value : found->second) check_value(command, option, value);
}

/// What has to be there is there, and nothing with what it excludes.
void check_presence(const CommandSpec& command, const Arguments::Values& values) {
  std::map<std::string_view, std::vector<std::string>> given, members;
  for (const auto& option : command.options) {
    const bool is_given = values.find(option.name) != values.end();
    if (option.one_of.empty()) {
      if (option.is_required && !is_given)
        throw UsageError(command.name, cat(spelled(option), " is missing: ", accepted_text(option)),
                         command.name.empty() ? "forgelm --config JOB.yaml, or `forgelm --help`" : "");
      continue;
    }
    members[option.one_of].push_back(spelled(option));
    if (is_given) given[option.one_of].push_back(spelled(option));
  }
  for (const auto& [label, names] : given)
    if (names.size() > 1) throw UsageError(command.name, cat(join(names, " and "), " exclude each other"));
  for (const auto& option : command.options)
    if (option.is_required && !option.one_of.empty() && given.find(option.one_of) == given.end())
      throw UsageError(command.name, cat("one of ", join(members[option.one_of], ", "), " is needed"));
}

}  // namespace

Arguments::Values read_values(const CommandSpec& command, const Words& words) {
  const Line line = Sorter(command, words).sort();
  Arguments::Values values = read_options(command, line.options);
  read_positionals(command, line.positionals, values);
  check_values(command, values);
  // Help and version are answered whatever else is missing.
  if (values.find("help") == values.end() && values.find("version") == values.end()) check_presence(command, values);
  return values;
}

Request parse(const Words& words) {
  const Split split = split_at_command(words);
  Request request;
  const auto is_given = [&](const char* name) { return request.values.find(name) != request.values.end(); };
  // What stands before a command's name: `forgelm --version COMMAND` is about forgelm, other options are the common
  // ones.
  const Line before = Sorter(*find_command(""), split.before).sort();
  if (std::find(before.options.begin(), before.options.end(), spelled(version_option())) != before.options.end()) {
    request.command = find_command("");
    request.values = read_values(*request.command, split.before);
    // What stands behind is not looked at, save for the format that the answer has to come out in.
    if (const std::string format = early_value(words, "output-format"); !format.empty())
      request.values["output-format"] = {format};
    request.kind = is_given("help") ? Request::Kind::help : Request::Kind::version;
    if (is_given("help")) request.command = nullptr;
    return request;
  }
  // The options before the command's name are the common ones.
  Words all = split.before;
  all.insert(all.end(), split.after.begin(), split.after.end());
  if (split.name.empty() || find_command(split.name) != nullptr) {
    request.command = find_command(split.name);
  } else if (is_command_group(split.name)) {
    const bool wants_help =
        std::any_of(all.begin(), all.end(), [](const auto& word) { return word == "--help" || word == "-h"; });
    if (!wants_help)
      throw UsageError("", cat("forgelm ", split.name, " needs a command"),
                       cat("`forgelm ", split.name, " --help` lists them"));
    CommandSpec group{};  // takes the common options
    group.name = split.name;
    request.values = read_values(group, all);
    request.kind = Request::Kind::help;
    request.group = split.name;
    return request;
  } else {
    fail_command(split.name);
  }
  request.values = read_values(*request.command, all);
  if (is_given("help")) {
    request.kind = Request::Kind::help;
    if (request.command->name.empty()) request.command = nullptr;
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
