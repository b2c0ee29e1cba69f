// `forgelm ingest`: documents to rows.
#include "forgelm/ingest/ingest.hpp"

#include <charconv>

#include "forgelm/cli/command.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_ingest;

namespace {

using ingest::GlyphProfile;
using ingest::Strategy;
using ingest::UrlRule;

/// The profile that is asked for, or the one that goes with the language.
GlyphProfile glyph_profile(const Arguments& arguments) {
  if (arguments.flag("no-normalise-unicode")) return GlyphProfile::none;
  if (arguments.is_given("normalise-profile")) return arguments.choice<GlyphProfile>("normalise-profile");
  const bool is_turkish = equals_ignoring_ascii_case(arguments.maybe_text("language-hint").value_or(""), "tr");
  return is_turkish ? GlyphProfile::turkish : GlyphProfile::none;
}

/// "12-193".
std::pair<int, int> page_range(const std::string& text) {
  int first = 0, last = 0;
  const char* const end = text.data() + text.size();
  const auto begin = std::from_chars(text.data(), end, first);
  const bool has_hyphen = begin.ec == std::errc() && begin.ptr != end && *begin.ptr == '-';
  const auto rest = has_hyphen ? std::from_chars(begin.ptr + 1, end, last) : begin;
  if (!has_hyphen || rest.ec != std::errc() || rest.ptr != end)
    throw UsageError("ingest", cat("--page-range must be 'START-END' (e.g. '12-193'); got ", quote(text)));
  return {first, last};
}

ingest::IngestOptions options_of(const Arguments& arguments, const Output& output) {
  ingest::IngestOptions options;
  options.input = arguments.path("INPUT");
  options.output = arguments.path("output");
  options.is_recursive = arguments.flag("recursive");
  options.strategy = arguments.choice<Strategy>("strategy");
  options.chunk_size = arguments.maybe_integer("chunk-size");
  options.overlap = arguments.maybe_integer("overlap");
  options.chunk_tokens = arguments.maybe_integer("chunk-tokens");
  options.overlap_tokens = arguments.integer("overlap-tokens");
  if (const auto tokenizer = arguments.maybe_text("tokenizer")) options.tokenizer = *tokenizer;
  options.input_encoding = arguments.maybe_text("input-encoding");
  options.keeps_front_matter = arguments.flag("keep-md-frontmatter");
  if (const auto range = arguments.maybe_text("page-range")) options.page_range = page_range(*range);
  options.drops_front_matter = !arguments.flag("keep-frontmatter");
  options.skips_epub_front_matter = !arguments.flag("epub-no-skip-frontmatter");
  options.language = arguments.maybe_text("language-hint");
  options.script_threshold = arguments.real("script-sanity-threshold");
  options.glyph_profile = glyph_profile(arguments);
  options.strip_patterns = arguments.texts("strip-pattern");
  options.limits_strip_patterns = !arguments.flag("strip-pattern-no-timeout");
  options.urls = arguments.choice<UrlRule>("strip-urls");
  options.masks_pii = arguments.flag("pii-mask") || arguments.flag("all-mask");
  options.masks_secrets = arguments.flag("secrets-mask") || arguments.flag("all-mask");
  options.checks_quality = !arguments.flag("no-quality-presignal");
  options.provenance_header = arguments.maybe_text("provenance-header").value_or("");
  options.with_metadata = arguments.flag("metadata");
  options.resumes = arguments.flag("resume");
  options.num_threads = static_cast<int>(arguments.maybe_integer("jobs").value_or(num_processors()));
  options.shows_progress = !output.is_json() && !output.is_quiet();
  return options;
}

/// The file of --config first; what the command line says comes on top.
void read_conversation(const Arguments& arguments, ingest::IngestOptions& options) {
  constexpr std::string_view kOnly[] = {"config",         "role",           "role-preset",    "role-regex",
                                        "case-sensitive", "system-prompt",  "separator",      "min-turns",
                                        "max-turns",      "min-turn-chars", "max-turn-chars", "keep-unanswered"};
  if (options.strategy != Strategy::conversation) {
    for (const std::string_view name : kOnly)
      if (arguments.is_given(name)) throw UsageError("ingest", cat("--", name, " goes with --strategy conversation"));
    return;
  }
  ingest::ConversationOptions& talk = options.conversation;
  if (const auto file = arguments.maybe_text("config")) ingest::read_conversation_options(*file, talk);
  for (const std::string& text : arguments.texts("role")) talk.participants.push_back(ingest::parse_participant(text));
  for (const std::string& text : arguments.texts("role-preset"))
    talk.presets.push_back(*from_text<ingest::RolePreset>(text));
  talk.uses_regex = talk.uses_regex || arguments.flag("role-regex");
  talk.is_case_sensitive = talk.is_case_sensitive || arguments.flag("case-sensitive");
  talk.system_prompt = arguments.maybe_text("system-prompt").value_or(talk.system_prompt);
  talk.separator = arguments.maybe_text("separator").value_or(talk.separator);
  ingest::ConversationQuality& quality = talk.quality;
  quality.min_turns = arguments.maybe_integer("min-turns").value_or(quality.min_turns);
  quality.max_turns = arguments.maybe_integer("max-turns").value_or(quality.max_turns);
  quality.min_turn_chars = arguments.maybe_integer("min-turn-chars").value_or(quality.min_turn_chars);
  quality.max_turn_chars = arguments.maybe_integer("max-turn-chars").value_or(quality.max_turn_chars);
  if (arguments.flag("keep-unanswered")) quality.requires_answer = false;
}

ExitCode run(const Arguments& arguments, Output& output) {
  ingest::IngestOptions options = options_of(arguments, output);
  read_conversation(arguments, options);
  const ingest::IngestResult result = ingest::ingest(options);
  output.print(ingest::summary_of(result));
  output.set_document(result.document);
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "INPUT",
     .kind = OptionKind::path,
     .doc = "A document, or a folder of documents: PDF, DOCX, EPUB, HTML, TXT and Markdown.",
     .is_positional = true,
     .is_required = true},
    {.name = "output",
     .kind = OptionKind::path,
     .doc = "The JSONL file to write; its folder is made where it is missing, an existing file is replaced.",
     .value_name = "FILE",
     .is_required = true},
    {.name = "recursive", .kind = OptionKind::flag, .doc = "Read the folders below INPUT too."},
    {.name = "strategy",
     .kind = OptionKind::choice,
     .doc = "How documents are cut: whole paragraphs packed into rows, windows that overlap, sections of Markdown "
            "below the headings that they stand under, or conversations by the marks of who speaks.",
     .choices = choices<Strategy>,
     .default_text = "paragraph"},
    {.name = "chunk-size",
     .kind = OptionKind::integer,
     .doc = "Characters of a row, at most; a longer paragraph or section is a row of its own. 2048 where it is not "
            "given.",
     .value_name = "N"},
    {.name = "overlap",
     .kind = OptionKind::integer,
     .doc = "Characters that a window shares with the one before, at most half of it; 200 with --strategy sliding.",
     .value_name = "N"},
    {.name = "chunk-tokens",
     .kind = OptionKind::integer,
     .doc = "Tokens of a row, at most, instead of characters; needs --tokenizer.",
     .value_name = "N",
     .at_least = 0},
    {.name = "overlap-tokens",
     .kind = OptionKind::integer,
     .doc = "Tokens that a window shares with the one before.",
     .value_name = "N",
     .default_text = "0",
     .at_least = 0},
    {.name = "tokenizer",
     .kind = OptionKind::path,
     .doc = "The folder of a model, or a tokenizer file, whose tokens --chunk-tokens counts.",
     .value_name = "MODEL"},
    {.name = "input-encoding",
     .kind = OptionKind::text,
     .doc = "Encoding of TXT and Markdown files, such as cp1254 or latin-1; UTF-8 where it is not given.",
     .value_name = "CODEC"},
    {.name = "keep-md-frontmatter",
     .kind = OptionKind::flag,
     .doc = "Keep the YAML block at the start of Markdown files."},
    {.name = "page-range",
     .kind = OptionKind::text,
     .doc = "Read these pages of PDFs only; they count from 1.",
     .value_name = "START-END"},
    {.name = "keep-frontmatter",
     .kind = OptionKind::flag,
     .doc = "Keep pages of contents and indexes at the ends of PDFs."},
    {.name = "epub-no-skip-frontmatter",
     .kind = OptionKind::flag,
     .doc = "Keep cover, navigation, copyright page and the like of EPUB books."},
    {.name = "language-hint",
     .kind = OptionKind::text,
     .doc = "Language of the documents (de, en, es, fr, it, pt, tr): warn where many characters are foreign to it.",
     .value_name = "LANG"},
    {.name = "script-sanity-threshold",
     .kind = OptionKind::real,
     .doc = "Share of foreign characters above which to warn.",
     .value_name = "SHARE",
     .default_text = "0.015",
     .at_least = 0,
     .at_most = 1},
    {.name = "normalise-profile",
     .kind = OptionKind::choice,
     .doc = "Put letters in place of glyphs that damaged PDF fonts give instead; turkish goes with --language-hint tr.",
     .choices = choices<GlyphProfile>},
    {.name = "no-normalise-unicode", .kind = OptionKind::flag, .doc = "The same as --normalise-profile none."},
    {.name = "strip-pattern",
     .kind = OptionKind::text,
     .doc = "Take out what this regular expression matches, line by line; may be given several times.",
     .value_name = "REGEX",
     .is_repeated = true},
    {.name = "strip-pattern-no-timeout",
     .kind = OptionKind::flag,
     .doc = "Let a pattern take as long as it takes; without it, one that takes more than 2 s on a document is skipped "
            "there with a warning."},
    {.name = "strip-urls",
     .kind = OptionKind::choice,
     .doc = "Keep web addresses, write [URL] in their place, or take them out.",
     .choices = choices<UrlRule>,
     .default_text = "keep"},
    {.name = "pii-mask",
     .kind = OptionKind::flag,
     .doc =
         "Write [REDACTED] in place of personal data: e-mail addresses, telephone, card and account numbers, national "
         "identifiers and what else `forgelm audit` knows. Names are not found."},
    {.name = "secrets-mask",
     .kind = OptionKind::flag,
     .doc = "Write [REDACTED-SECRET] in place of keys, tokens and other credentials."},
    {.name = "all-mask", .kind = OptionKind::flag, .doc = "Both: secrets first, then personal data."},
    {.name = "no-quality-presignal",
     .kind = OptionKind::flag,
     .doc = "Do not look at the first 5000 rows for damaged text."},
    {.name = "role",
     .kind = OptionKind::text,
     .doc =
         "With --strategy conversation: a line that begins with MARK begins a turn of ROLE (system, user, assistant). "
         "MARK is meant as it stands; behind \"re:\" it is a regular expression. May be given several times.",
     .value_name = "ROLE=MARK",
     .is_repeated = true},
    {.name = "role-preset",
     .kind = OptionKind::choice,
     .doc = "Marks that many texts have; default (bold or plain names) where neither this nor --role is given.",
     .choices = choices<ingest::RolePreset>,
     .is_repeated = true},
    {.name = "role-regex",
     .kind = OptionKind::flag,
     .doc = "Marks of --role are regular expressions too: each is tried as it stands first."},
    {.name = "case-sensitive", .kind = OptionKind::flag, .doc = "Marks are told apart by upper and lower case."},
    {.name = "system-prompt",
     .kind = OptionKind::text,
     .doc = "Begin every conversation that has no system message with this one.",
     .value_name = "TEXT"},
    {.name = "separator",
     .kind = OptionKind::text,
     .doc = "A line that is TEXT ends a conversation; without it, a document is one conversation.",
     .value_name = "TEXT"},
    {.name = "min-turns",
     .kind = OptionKind::integer,
     .doc = "Leave conversations of fewer turns out; 2 where it is not given.",
     .value_name = "N",
     .at_least = 0},
    {.name = "max-turns",
     .kind = OptionKind::integer,
     .doc = "Leave conversations of more turns out.",
     .value_name = "N",
     .at_least = 0},
    {.name = "min-turn-chars",
     .kind = OptionKind::integer,
     .doc = "Leave conversations with a shorter turn out; 1 where it is not given.",
     .value_name = "N",
     .at_least = 0},
    {.name = "max-turn-chars",
     .kind = OptionKind::integer,
     .doc = "Leave conversations with a longer turn out.",
     .value_name = "N",
     .at_least = 0},
    {.name = "keep-unanswered",
     .kind = OptionKind::flag,
     .doc = "Keep turns behind the assistant's last one, and conversations in which it says nothing."},
    {.name = "config",
     .kind = OptionKind::path,
     .doc = "A YAML file whose `ingest` holds participants, use_regex, case_sensitive, role_preset, system_prompt, "
            "separator and quality; options given here come on top.",
     .value_name = "FILE"},
    {.name = "provenance-header",
     .kind = OptionKind::text,
     .doc = "Begin every row with this line, such as '[@Memory:{path}]'; {path} is the document's name below INPUT. It "
            "counts as a part of the row.",
     .value_name = "LINE"},
    {.name = "metadata",
     .kind = OptionKind::flag,
     .doc = "Give every row its source, its page (PDF), the headings that it stands under and the digest of the "
            "document."},
    {.name = "resume",
     .kind = OptionKind::flag,
     .doc =
         "Keep what is done in FILE.partial, and go on from there when it stands there from a run that was stopped."},
    {.name = "jobs",
     .kind = OptionKind::integer,
     .doc = "Documents at once; as many as there are processors where it is not given. The rows are the same.",
     .value_name = "N",
     .at_least = 1,
     .at_most = 1024},
};

constexpr Example kExamples[] = {
    {"forgelm ingest policies/ --recursive --output policies.jsonl", "all documents below a folder"},
    {"forgelm ingest handbook.md --strategy markdown --chunk-tokens 512 --tokenizer models/smollm2 --output rows.jsonl",
     "sections of at most 512 tokens of the model that is to learn them"},
    {"forgelm ingest chats/ --strategy conversation --role 'user=**Ann**:' --role 'assistant=**Bot**:' --output "
     "chat.jsonl",
     "turns that begin with a name in bold"},
    {"forgelm ingest exports/ --input-encoding cp1254 --language-hint tr --strip-urls mask --output rows.jsonl",
     "Turkish texts of an old system, without web addresses"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error, ExitCode::interrupted};

}  // namespace

const CommandSpec command_ingest = {
    .name = "ingest",
    .summary = "Turn documents into rows to train on",
    .details =
        "Documents are read as text, cleaned, cut into rows of {\"text\": ...}, and written as one JSONL file, in the "
        "order of their names. A document that cannot be read is left out with a warning.\n\n"
        "The output is replaced whole or not at all.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
