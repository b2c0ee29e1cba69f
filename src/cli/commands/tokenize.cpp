// `forgelm tokenize`: lines to token ids and back, with the tokenizer of a model or a tokenizer file.
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "../write_result.hpp"
#include "forgelm/cli/command.hpp"
#include "forgelm/core/choices.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/line_blocks.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/chat_template.hpp"
#include "forgelm/text/chat_tokens.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::cli {
extern const CommandSpec command_tokenize;

namespace {

FORGELM_CHOICES(Show, ids, tokens)

/// What one block of lines became.
struct Results {
  std::string text;  ///< for people and pipes, a line each
  std::string rows;  ///< JSON lines
  Json items = Json::array();
  std::uint64_t num_lines = 0;
  std::uint64_t num_tokens = 0;
  std::uint64_t num_learnt = 0;
};

class Work {
 public:
  Work(const Arguments& arguments, std::string input_name, bool wants_rows, bool wants_items)
      : tokenizer_(text::Tokenizer::load(arguments.path("MODEL_OR_FILE"))),
        input_name_(std::move(input_name)),
        decodes_(arguments.flag("decode")),
        is_chat_(arguments.flag("chat")),
        adds_special_(!arguments.flag("no-special-tokens")),
        shows_tokens_(arguments.choice<Show>("show") == Show::tokens),
        wants_rows_(wants_rows),
        wants_items_(wants_items) {
    if (!is_chat_) return;
    chat_template_.emplace(text::ChatTemplate::choose(arguments.text("template"), *tokenizer_, ""));
    chat_encoder_.emplace(*tokenizer_);
  }

  const text::Tokenizer& tokenizer() const noexcept { return *tokenizer_; }
  const text::ChatTemplate* chat_template() const noexcept { return chat_template_ ? &*chat_template_ : nullptr; }

  Results run(const LineBlock& block) const {
    Results results;
    std::uint64_t line_number = block.first_line;
    text::Encoding encoding;
    for (const std::string_view line : block.lines()) {
      if (decodes_) decode(line, line_number, results);
      else if (is_chat_) chat(line, line_number, results);
      else encode(line, line_number, encoding, results);
      ++results.num_lines;
      ++line_number;
    }
    return results;
  }

 private:
  [[noreturn]] void fail(std::uint64_t line_number, const std::string& message, std::string hint) const {
    throw ConfigError(cat(input_name_, ":", line_number, ": ", message), std::move(hint));
  }

  void finish(Json row, Results& results) const {
    if (wants_rows_) results.rows += dump(row, {.ensure_ascii = false}) + "\n";
    if (wants_items_) results.items.push(std::move(row));
  }

  void add_tokens(std::uint64_t line_number, std::span<const text::TokenId> ids, Json row, Results& results) const {
    results.num_tokens += ids.size();
    if (!wants_rows_ && !wants_items_) {
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (i > 0) results.text += ' ';
        results.text += std::to_string(ids[i]);
        if (shows_tokens_) results.text += cat(":", quote(tokenizer_->token_of(ids[i])));
      }
      results.text += '\n';
      return;
    }
    Json::Array tokens;
    for (const auto id : ids) tokens.emplace_back(tokenizer_->token_of(id));
    row.set("line", static_cast<std::int64_t>(line_number)).set("ids", Json::array_of(ids));
    if (shows_tokens_) row.set("tokens", std::move(tokens));
    finish(std::move(row), results);
  }

  void encode(std::string_view line, std::uint64_t line_number, text::Encoding& encoding, Results& results) const {
    text::EncodeOptions options;
    options.add_special_tokens = adds_special_;
    tokenizer_->encode(line, options, encoding);
    add_tokens(line_number, encoding.ids, Json::object(), results);
  }

  void chat(std::string_view line, std::uint64_t line_number, Results& results) const {
    const auto parsed = parse_json(line);
    if (!parsed)
      fail(line_number, cat("not JSON: ", parsed.error().message), "with --chat every line is a conversation in JSON");
    text::Conversation conversation;
    const Json* messages = parsed->kind() == Json::Kind::array ? &*parsed : parsed->find("messages");
    if (messages == nullptr || messages->kind() != Json::Kind::array)
      fail(line_number,
           cat("a conversation is an array of messages, or an object with \"messages\"; this is ",
               to_string(parsed->kind())),
           R"(for example {"messages": [{"role": "user", "content": "Hello"}]})");
    conversation.messages = *messages;
    if (const Json* tools = parsed->find("tools")) conversation.tools = *tools;
    try {
      const text::RenderedChat rendered = chat_template_->render(conversation);
      const text::ChatTokens tokens = chat_encoder_->encode(rendered);
      Json learnt = Json::array();
      for (const auto& range : tokens.learnt) {
        learnt.push(Json::array({range.begin, range.end}));
        results.num_learnt += range.end - range.begin;
      }
      add_tokens(line_number, tokens.ids, Json::object({{"text", rendered.text}, {"learnt", std::move(learnt)}}),
                 results);
    } catch (const ConfigError& error) {
      fail(line_number, error.what(), error.hint());
    }
  }

  void decode(std::string_view line, std::uint64_t line_number, Results& results) const {
    std::vector<text::TokenId> ids;
    std::size_t at = 0;
    const auto is_separator = [](char c) { return c == ',' || c == '[' || c == ']' || is_ascii_space(c); };
    while (at < line.size()) {
      if (is_separator(line[at])) {
        ++at;
        continue;
      }
      std::size_t end = at;
      while (end < line.size() && !is_separator(line[end])) ++end;
      const std::string_view word = line.substr(at, end - at);
      text::TokenId id = -1;
      const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), id);
      if (error != std::errc() || rest != word.data() + word.size())
        fail(line_number, cat("not a token id: ", quote(word)),
             "with --decode every line holds ids: 15496 995, or [15496, 995]");
      if (id < 0 || static_cast<std::size_t>(id) >= tokenizer_->vocab_size())
        fail(line_number, cat("there is no token ", id, "; ids are 0 to ", tokenizer_->vocab_size() - 1), "");
      ids.push_back(id);
      at = end;
    }
    results.num_tokens += ids.size();
    const std::string text = tokenizer_->decode(ids, {.skip_special_tokens = !adds_special_});
    if (!wants_rows_ && !wants_items_) results.text += text + "\n";
    else finish(Json::object({{"line", static_cast<std::int64_t>(line_number)}, {"text", text}}), results);
  }

  std::shared_ptr<const text::Tokenizer> tokenizer_;
  std::optional<text::ChatTemplate> chat_template_;
  std::optional<text::ChatEncoder> chat_encoder_;
  std::string input_name_;
  bool decodes_;
  bool is_chat_;
  bool adds_special_;
  bool shows_tokens_;
  bool wants_rows_;
  bool wants_items_;
};

ExitCode run(const Arguments& arguments, Output& output) {
  if (arguments.flag("decode") && arguments.flag("chat"))
    throw UsageError("tokenize", "--decode and --chat exclude each other");
  LineBlocks blocks(arguments.maybe_text("input"));
  const auto output_path = arguments.maybe_text("output");
  const Work work(arguments, blocks.name(), output_path.has_value(), output.is_json() && !output_path);
  std::optional<DurableFile> file;
  if (output_path) file.emplace(*output_path);

  Json rows = Json::array();
  std::uint64_t num_lines = 0, num_tokens = 0, num_learnt = 0;
  run_ordered<LineBlock, Results>(
      num_processors(), [&] { return blocks.next(); }, [&](const LineBlock& block, int) { return work.run(block); },
      [&](Results results) {
        num_lines += results.num_lines;
        num_tokens += results.num_tokens;
        num_learnt += results.num_learnt;
        if (file) file->write(results.rows);
        else output.print(results.text);
        for (Json& row : results.items.items()) rows.push(std::move(row));
      });
  if (file) file->commit();

  const text::Tokenizer& tokenizer = work.tokenizer();
  Json about = Json::object(
      {{"kind", to_string(tokenizer.kind())}, {"vocab_size", tokenizer.vocab_size()}, {"digest", tokenizer.digest()}});
  Json document = Json::object(
      {{"success", true}, {"tokenizer", std::move(about)}, {"num_lines", num_lines}, {"num_tokens", num_tokens}});
  std::string note =
      cat(num_lines, num_lines == 1 ? " line, " : " lines, ", num_tokens, num_tokens == 1 ? " token" : " tokens");
  if (const auto* chat_template = work.chat_template()) {
    document.set("chat_template", chat_template->name()).set("num_learnt_tokens", num_learnt);
    note += cat(", ", num_learnt, " of them learnt; chat template: ", chat_template->name());
  }
  if (output_path) {
    document.set("output", *output_path);
    note += cat("; wrote ", *output_path);
  } else {
    document.set("rows", std::move(rows));
  }
  output.set_document(std::move(document));
  output.note(note);
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "MODEL_OR_FILE",
     .kind = OptionKind::path,
     .doc =
         "A model folder, or a tokenizer file: tokenizer.json, a SentencePiece .model, a .tiktoken file, vocab.json.",
     .is_positional = true,
     .is_required = true},
    {.name = "input",
     .kind = OptionKind::path,
     .doc = "Read lines from this file; without it, or with -, from standard input.",
     .value_name = "FILE"},
    {.name = "decode", .kind = OptionKind::flag, .doc = "Lines hold ids; write their text."},
    {.name = "chat",
     .kind = OptionKind::flag,
     .doc = "Lines hold conversations in JSON; render them with the chat template, and say which tokens are learnt."},
    {.name = "template",
     .kind = OptionKind::text,
     .doc = "With --chat: what `model.chat_template` takes: auto, the name of a built-in template, or a Jinja file.",
     .value_name = "NAME",
     .default_text = "auto"},
    {.name = "show",
     .kind = OptionKind::choice,
     .doc = "Write ids alone, or each with its token.",
     .choices = choices<Show>,
     .default_text = "ids"},
    {.name = "no-special-tokens",
     .kind = OptionKind::flag,
     .doc = "Add no beginning or end tokens; with --decode, leave special tokens out of the text."},
    {.name = "output",
     .kind = OptionKind::path,
     .doc = "Write a JSON line for every line of the input to this file; an existing file is replaced.",
     .value_name = "FILE"},
};

constexpr Example kExamples[] = {
    {"echo Hello | forgelm tokenize models/smollm2 --show tokens", "the ids of a line, each with its token"},
    {"forgelm tokenize models/smollm2 --input corpus.txt --output ids.jsonl", "a whole file, on all processors"},
    {"forgelm tokenize models/smollm2 --chat --input chats.jsonl --output ids.jsonl",
     "conversations as the model sees them, with the tokens that are learnt"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_tokenize = {
    .name = "tokenize",
    .summary = "Turn lines into token ids, or ids into text",
    .details =
        "Every line of the input becomes one line of ids. Ids equal those of the tokenizer's own library. Rows written "
        "with --output hold line, ids and, where asked for, tokens, text and the ranges of tokens that are learnt.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
