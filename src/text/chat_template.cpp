// ChatTemplate: rendering conversations and finding out what is learnt. A template is asked for the conversation twice,
// with and without marks around the contents (chat_marks.hpp); its {% generation %} blocks or chat_turns.hpp then give
// the learnt bytes. What holds for a template as such (has it a place for a system message?) is found out once, when it
// is constructed, so that no row changes how another is rendered.
#include "forgelm/text/chat_template.hpp"

#include <algorithm>
#include <exception>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "text/chat_conversation.hpp"
#include "text/chat_turns.hpp"

namespace forgelm::text {

namespace {

/// The template leaves out a system message: the caller may place it elsewhere.
class LostSystemMessage : public ConfigError {
 public:
  LostSystemMessage(const std::string& message, std::size_t index) : ConfigError(message), index_(index) {}
  std::size_t index() const noexcept { return index_; }

 private:
  std::size_t index_;
};

/// What holds for a template whatever the conversation.
struct TemplateFacts {
  bool places_system = true;
  TurnShape shape;
};

ByteSpan byte_span(std::size_t begin, std::size_t end) {
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

/// Nothing but white space and tokens by their looks.
bool is_only_markers(std::string_view text) {
  std::size_t from = 0;
  for (const auto& [begin, size] : find_markers(text)) {
    if (trimmed_size(text.substr(from, begin - from)) != 0) return false;
    from = begin + size;
  }
  return trimmed_size(text.substr(from)) == 0;
}

/// Calls in `text` whose arguments the template wrote in no form that a program reads: as Python shows a dict, or as
/// JSON text within JSON text.
void check_arguments(const Json::Array& messages, std::string_view text, const std::string& template_name) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Json* calls = messages[i].find("tool_calls");
    if (calls == nullptr || calls->kind() != Json::Kind::array) continue;
    for (const Json& call : calls->items()) {
      const Json* function = call.find("function");
      const Json* arguments = function != nullptr ? function->find("arguments") : nullptr;
      if (arguments == nullptr) continue;
      std::string bad;
      if (arguments->kind() == Json::Kind::object && !arguments->members().empty())
        bad = cat("{'", arguments->members().front().first, "': ");
      if (arguments->kind() == Json::Kind::text && !arguments->text().empty() && arguments->text().front() == '{')
        bad = dump(*arguments, {.ensure_ascii = false});
      if (!bad.empty() && text.find(bad) != std::string_view::npos)
        throw ConfigError(cat("message ", i + 1, " of the conversation (assistant): the chat template ", template_name,
                              " does not write the arguments of a call as JSON"),
                          "Use a template made for tool calls (model.chat_template).");
    }
  }
}

}  // namespace

struct ChatTemplate::Impl {
  struct Rendered;

  Impl(ChatTemplateOrigin origin_, std::string name_, std::string source_, const TokenizerConfig& tokens,
       std::string tool_source)
      : origin(origin_),
        name(std::move(name_)),
        source(std::move(source_)),
        main(name, source),
        now(std::time(nullptr)) {
    digest = sha256_hex(tool_source.empty() ? source : cat(source, std::string(1, '\0'), tool_source));
    const auto add = [&](const char* key, const std::optional<SpecialToken>& token) {
      if (token) variables.set(key, token->content);
    };
    variables = Json::object();
    add("bos_token", tokens.bos);
    add("eos_token", tokens.eos);
    add("pad_token", tokens.pad);
    add("unk_token", tokens.unk);
    if (tokens.eos) end_token = tokens.eos->content;
    main_facts = find_facts(main);
    if (!tool_source.empty()) {
      with_tools.emplace(name, std::move(tool_source));
      tool_facts = find_facts(*with_tools);
    }
  }

  bool wants_tool_template(const Conversation& conversation) const {
    return with_tools && conversation.tools.kind() == Json::Kind::array && !conversation.tools.items().empty();
  }
  const JinjaTemplate& template_for(const Conversation& conversation) const {
    return wants_tool_template(conversation) ? *with_tools : main;
  }
  const TemplateFacts& facts_for(const Conversation& conversation) const {
    return wants_tool_template(conversation) ? tool_facts : main_facts;
  }

  JinjaOutput ask(const JinjaTemplate& which, const Json::Array& messages, const Conversation& conversation,
                  bool add_prompt) const {
    Json all = variables;
    all.set("messages", messages);
    const bool has_tools = conversation.tools.kind() == Json::Kind::array && !conversation.tools.items().empty();
    all.set("tools", has_tools ? conversation.tools : Json());
    all.set("documents", Json());
    all.set("add_generation_prompt", add_prompt);
    if (conversation.variables.kind() == Json::Kind::object)
      for (const auto& [key, value] : conversation.variables.members()) all.set(key, value);
    return which.render(all, now);
  }

  RenderMessages asker(const JinjaTemplate& which, const Conversation& conversation) const {
    return [this, &which, &conversation](const Json::Array& messages, bool add_prompt) -> std::optional<std::string> {
      try {
        return ask(which, messages, conversation, add_prompt).text;
      } catch (const JinjaError&) {
        return std::nullopt;
      }
    };
  }

  TemplateFacts find_facts(const JinjaTemplate& which) const;
  RenderedChat render(const Conversation& conversation, SystemFallback fallback, bool prompt_only) const;
  RenderedChat render_forms(const Conversation& conversation, const PreparedMessages& prepared, bool prompt_only) const;
  RenderedChat render_once(const Conversation& conversation, const Json::Array& messages,
                           const std::vector<bool>& is_learnt, bool prompt_only) const;
  void check_nothing_lost(const Rendered& rendered, bool prompt_only, RenderedChat& chat) const;
  void find_contents(const Rendered& rendered, RenderedChat& chat) const;
  void find_learnt(const Conversation& conversation, const Rendered& rendered, const std::vector<bool>& is_learnt,
                   RenderedChat& chat) const;
  bool blocks_hold_ends(const Rendered& rendered) const;
  static void learn_blocks(const Rendered& rendered, const std::vector<AssistantTurn>& turns,
                           const std::vector<bool>& is_learnt, RenderedChat& chat);
  void check_blocks(const Rendered& rendered, const std::vector<bool>& is_learnt, const RenderedChat& chat) const;

  ChatTemplateOrigin origin;
  std::string name, source, digest;
  JinjaTemplate main;
  std::optional<JinjaTemplate> with_tools;
  std::time_t now;
  Json variables;
  std::string end_token;
  TemplateFacts main_facts, tool_facts;
};

/// A conversation as the template wrote it, with and without marks.
struct ChatTemplate::Impl::Rendered {
  const Json::Array& plain;
  JinjaOutput output;
  std::optional<MarkAlphabet> alphabet;  ///< absent: the template hides where contents go
  Json::Array marked;
  MarkedText whole{std::string()};
  MarkPlaces places = MarkPlaces::edges;
};

TemplateFacts ChatTemplate::Impl::find_facts(const JinjaTemplate& which) const {
  TemplateFacts facts;
  const std::optional<MarkAlphabet> alphabet = MarkAlphabet::unused_in(which.source());
  if (!alphabet) return facts;
  const Conversation bare;
  const RenderMessages render = asker(which, bare);
  facts.shape = find_shape(render, *alphabet, end_token);
  const auto message = [&](MarkId id, const char* role, const char* content) {
    return Json::object({{"role", role}, {"content", mark_content(*alphabet, id, content, MarkPlaces::edges, false)}});
  };
  const Json system = message(0, "system", "one"), user = message(1, "user", "two"),
             answer = message(2, "assistant", "three");
  // A template that refuses this without a system message as well says nothing about system messages.
  if (!render({user, answer}, false)) return facts;
  const auto keeps_system = [&](const Json::Array& messages, bool add_prompt) {
    const std::optional<std::string> text = render(messages, add_prompt);
    return text && MarkedText(*alphabet, *text).last_end(0).has_value();
  };
  facts.places_system = keeps_system({system, user, answer}, false) && keeps_system({system, user}, true);
  return facts;
}

RenderedChat ChatTemplate::Impl::render(const Conversation& conversation, SystemFallback fallback,
                                        bool prompt_only) const {
  PreparedMessages prepared = prepare_messages(conversation.messages);
  const auto has_system = [&](std::size_t from) {
    return std::any_of(
        prepared.messages.begin() + static_cast<std::ptrdiff_t>(std::min(from, prepared.messages.size())),
        prepared.messages.end(), [](const Json& message) { return chat_role(message) == "system"; });
  };
  if (!facts_for(conversation).places_system && has_system(0))
    prepared = place_system_messages(prepared, fallback, 0, name);
  std::exception_ptr refusal;
  std::size_t place_from = 1;
  try {
    return render_forms(conversation, prepared, prompt_only);
  } catch (const LostSystemMessage& lost) {
    place_from = lost.index() == 0 ? 0 : 1;
    refusal = std::current_exception();
  } catch (const JinjaError&) {
    if (!has_system(1)) throw;
    refusal = std::current_exception();
  }
  // Is it the system messages that the template minds? Without them it must do.
  try {
    const PreparedMessages without = place_system_messages(prepared, SystemFallback::drop, place_from, name);
    render_forms(conversation, without, prompt_only);
  } catch (const ConfigError&) {
    std::rethrow_exception(refusal);
  }
  return render_forms(conversation, place_system_messages(prepared, fallback, place_from, name), prompt_only);
}

RenderedChat ChatTemplate::Impl::render_forms(const Conversation& conversation, const PreparedMessages& prepared,
                                              bool prompt_only) const {
  if (!has_tool_calls(prepared.messages))
    return render_once(conversation, prepared.messages, prepared.is_learnt, prompt_only);
  std::exception_ptr first_refusal;
  for (const CallForm form : kAllCallForms) {
    try {
      return render_once(conversation, with_call_form(prepared.messages, form), prepared.is_learnt, prompt_only);
    } catch (const ConfigError&) {
      if (!first_refusal) first_refusal = std::current_exception();
    }
  }
  std::rethrow_exception(first_refusal);
}

RenderedChat ChatTemplate::Impl::render_once(const Conversation& conversation, const Json::Array& messages,
                                             const std::vector<bool>& is_learnt, bool prompt_only) const {
  const JinjaTemplate& which = template_for(conversation);
  Rendered rendered{
      messages,         ask(which, messages, conversation, prompt_only), std::nullopt, {}, MarkedText(std::string()),
      MarkPlaces::edges};
  const std::string& text = rendered.output.text;
  check_arguments(messages, text, name);
  const std::optional<MarkAlphabet> alphabet =
      messages.size() <= kMaxMarkedMessages ? MarkAlphabet::unused_in(text) : std::nullopt;
  for (const MarkPlaces places : kAllMarkPlaces) {
    if (!alphabet || rendered.alphabet) break;
    Json::Array marked = mark_messages(*alphabet, messages, places);
    if (marked == rendered.marked) continue;
    rendered.marked = std::move(marked);
    try {
      rendered.whole = MarkedText(*alphabet, ask(which, rendered.marked, conversation, prompt_only).text);
    } catch (const JinjaError&) {
      continue;
    }
    if (rendered.whole.text() != text) continue;
    rendered.alphabet = alphabet;
    rendered.places = places;
  }
  if (!rendered.alphabet) {
    rendered.marked = messages;
    rendered.whole = MarkedText(text);
  }
  RenderedChat chat;
  check_nothing_lost(rendered, prompt_only, chat);
  if (!prompt_only) find_learnt(conversation, rendered, is_learnt, chat);
  find_contents(rendered, chat);
  chat.text = std::move(rendered.output.text);
  return chat;
}

void ChatTemplate::Impl::check_nothing_lost(const Rendered& rendered, bool prompt_only, RenderedChat& chat) const {
  if (!rendered.alphabet) return;
  for (std::size_t i = 0; i < rendered.plain.size(); ++i) {
    const Json& message = rendered.plain[i];
    if (part_to_mark(chat_text(message), MarkPlaces::edges, false).is_empty()) continue;
    if (rendered.whole.last_end(static_cast<MarkId>(i))) continue;
    const std::string_view role = chat_role(message);
    const Json* calls = message.find("tool_calls");
    if (role == "assistant" && calls != nullptr && calls->kind() == Json::Kind::array && !calls->items().empty()) {
      ++chat.num_lost_answers;
      continue;
    }
    const std::string what =
        cat("message ", i + 1, " of the conversation (", role, "): the chat template ", name, " leaves out its text");
    if (role == "system") throw LostSystemMessage(what, i);
    // In a prompt, a template may well leave out what was said before; what is learnt must be seen whole.
    if (!prompt_only)
      throw ConfigError(what, "Choose a template that has a place for this role (model.chat_template).");
  }
}

void ChatTemplate::Impl::find_contents(const Rendered& rendered, RenderedChat& chat) const {
  if (!rendered.alphabet) return;
  const std::string& text = rendered.whole.text();
  for (std::size_t i = 0; i < rendered.plain.size(); ++i) {
    const auto id = static_cast<MarkId>(i);
    const std::vector<std::size_t> begins = rendered.whole.begins(id), ends = rendered.whole.ends(id);
    const bool is_assistant = chat_role(rendered.plain[i]) == "assistant";
    const Json* content = rendered.plain[i].find("content");
    for (std::size_t k = 0; k < std::min(begins.size(), ends.size()); ++k) {
      std::size_t begin = begins[k], end = ends[k];
      if (content != nullptr && content->kind() == Json::Kind::text) {
        // Marks inside: what stands before and after them is content as well, where it is there.
        const std::string& full = content->text();
        const MarkedPart part = part_to_mark(full, rendered.places, is_assistant);
        const std::size_t before = part.marked_begin - part.begin, after = part.end - part.marked_end;
        if (before <= begin && text.compare(begin - before, before, full, part.begin, before) == 0) begin -= before;
        if (text.compare(end, after, full, part.marked_end, after) == 0) end += after;
      }
      if (begin < end) chat.contents.push_back({byte_span(begin, end), is_assistant});
    }
  }
  std::sort(chat.contents.begin(), chat.contents.end(),
            [](const ChatContent& a, const ChatContent& b) { return a.span.begin < b.span.begin; });
}

void ChatTemplate::Impl::find_learnt(const Conversation& conversation, const Rendered& rendered,
                                     const std::vector<bool>& is_learnt, RenderedChat& chat) const {
  const JinjaTemplate& which = template_for(conversation);
  const auto turns = [&] {
    return find_turns(asker(which, conversation),
                      {rendered.alphabet ? &*rendered.alphabet : nullptr, rendered.marked, rendered.plain,
                       rendered.whole, rendered.places},
                      end_token, rendered.alphabet ? &facts_for(conversation).shape : nullptr);
  };
  // Blocks whose text went through a macro or a filter are not all known by place; then the turns are looked for.
  if (!which.has_generation_blocks() || rendered.output.has_captured_generation) {
    for (const AssistantTurn& turn : turns()) {
      if (!is_learnt[turn.message] || turn.begin == turn.end) continue;
      chat.learnt.push_back(byte_span(turn.begin, turn.end));
      if (!turn.has_end) ++chat.num_open_turns;
    }
    return;
  }
  const bool learns_all = std::find(is_learnt.begin(), is_learnt.end(), false) == is_learnt.end();
  std::vector<AssistantTurn> known;
  if (!learns_all || !blocks_hold_ends(rendered)) try {
      known = turns();
    } catch (const ConfigError&) {
      // The template itself says what is learnt; the turns only tell which of them to leave out, and where they end.
      if (!learns_all) throw;
    }
  learn_blocks(rendered, known, is_learnt, chat);
  check_blocks(rendered, is_learnt, chat);
}

/// Every block ends with an end token that is not part of a message's text.
bool ChatTemplate::Impl::blocks_hold_ends(const Rendered& rendered) const {
  std::vector<std::size_t> content_ends;
  for (std::size_t i = 0; i < rendered.plain.size(); ++i)
    if (const auto end = rendered.whole.last_end(static_cast<MarkId>(i))) content_ends.push_back(*end);
  std::sort(content_ends.begin(), content_ends.end());
  const std::string_view text = rendered.output.text;
  return std::all_of(rendered.output.generation.begin(), rendered.output.generation.end(), [&](const ByteSpan& span) {
    const std::string_view block = text.substr(span.begin, span.end - span.begin);
    const auto markers = find_markers(block);
    if (markers.empty()) return block.empty();
    const auto [begin, size] = markers.back();
    const auto content = std::upper_bound(content_ends.begin(), content_ends.end(), span.begin + begin);
    return begin + size == block.size() && names_an_end(block.substr(begin), end_token) &&
           (content == content_ends.end() || *content > span.end);
  });
}

void ChatTemplate::Impl::learn_blocks(const Rendered& rendered, const std::vector<AssistantTurn>& turns,
                                      const std::vector<bool>& is_learnt, RenderedChat& chat) {
  const std::string_view text = rendered.output.text;
  auto turn = turns.begin();
  for (ByteSpan span : rendered.output.generation) {
    while (turn != turns.end() && turn->end <= span.begin) ++turn;
    if (turn != turns.end() && turn->begin < span.end) {
      if (!is_learnt[turn->message]) continue;
      // An end token that directly follows the block is learnt with it.
      if (turn->end > span.end && is_only_markers(text.substr(span.end, turn->end - span.end)))
        span.end = static_cast<std::uint32_t>(turn->end);
    }
    if (span.begin >= span.end) continue;
    if (!chat.learnt.empty() && chat.learnt.back().end >= span.begin)
      chat.learnt.back().end = std::max(chat.learnt.back().end, span.end);
    else chat.learnt.push_back(span);
  }
  chat.num_open_turns = static_cast<int>(std::count_if(
      turns.begin(), turns.end(), [&](const AssistantTurn& one) { return is_learnt[one.message] && !one.has_end; }));
}

/// Blocks are the author's word on what is learnt, but they hold no other message, and no call is missing from them.
void ChatTemplate::Impl::check_blocks(const Rendered& rendered, const std::vector<bool>& is_learnt,
                                      const RenderedChat& chat) const {
  std::string learnt;
  for (const ByteSpan& span : chat.learnt) learnt.append(rendered.output.text, span.begin, span.end - span.begin);
  for (std::size_t i = 0; i < rendered.plain.size(); ++i)
    for (const std::string& name_of_call : names_of_calls(rendered.plain[i]))
      if (is_learnt[i] && learnt.find(name_of_call) == std::string::npos)
        throw ConfigError(cat("message ", i + 1, " of the conversation (assistant): the chat template ", name,
                              " loses the call of ", quote(name_of_call)),
                          "Use a template made for tool calls (model.chat_template).");
  for (std::size_t i = 0; i < rendered.plain.size(); ++i) {
    if (chat_role(rendered.plain[i]) == "assistant") continue;
    const auto id = static_cast<MarkId>(i);
    const std::vector<std::size_t> begins = rendered.whole.begins(id), ends = rendered.whole.ends(id);
    for (std::size_t k = 0; k < std::min(begins.size(), ends.size()); ++k) {
      const auto span = std::partition_point(chat.learnt.begin(), chat.learnt.end(),
                                             [&](const ByteSpan& one) { return one.end <= begins[k]; });
      if (span != chat.learnt.end() && span->begin < ends[k])
        throw ConfigError(cat("message ", i + 1, " of the conversation (", chat_role(rendered.plain[i]),
                              "): the generation blocks of the chat template ", name, " hold its text"),
                          "Only what the assistant writes belongs between {% generation %} and {% endgeneration %}.");
    }
  }
}

// ---- The public class ----

ChatTemplate::ChatTemplate(ChatTemplateOrigin origin, std::string name, std::string source,
                           const TokenizerConfig& tokens, std::string tool_source)
    : impl_(std::make_unique<Impl>(origin, std::move(name), std::move(source), tokens, std::move(tool_source))) {}
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;

RenderedChat ChatTemplate::render(const Conversation& conversation, SystemFallback system_fallback) const {
  return impl_->render(conversation, system_fallback, false);
}

RenderedChat ChatTemplate::render_prompt(const Conversation& conversation, SystemFallback system_fallback) const {
  return impl_->render(conversation, system_fallback, true);
}

void ChatTemplate::set_now(std::time_t now) { impl_->now = now; }
ChatTemplateOrigin ChatTemplate::origin() const noexcept { return impl_->origin; }
const std::string& ChatTemplate::name() const noexcept { return impl_->name; }
const std::string& ChatTemplate::digest() const noexcept { return impl_->digest; }
const std::string& ChatTemplate::source() const noexcept { return impl_->source; }

}  // namespace forgelm::text
