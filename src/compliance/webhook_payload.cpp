// Sources of the forms: Slack's message attachments; Teams' Adaptive Cards 1.4 in a message; Discord's embeds with its
// limits (title 256, description 4096 characters, all 6000). Teams takes 28 kB. In none of them may a text call people
// together: Slack's <!channel> is escaped, Discord is told to read no mentions.
#include "webhook_payload.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "forgelm/compliance/mask.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

/// Python's f"{value:.4f}".
std::string four_digits(const Json& value) {
  const double number = value.kind() == Json::Kind::boolean ? (value.boolean() ? 1.0 : 0.0) : value.real();
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed, 4);
  return {text.data(), end.ptr};
}

bool is_measure(const Json& value) { return value.is_number() || value.kind() == Json::Kind::boolean; }

Json masked(const Json& value) { return value.kind() == Json::Kind::text ? Json(mask_secrets(value.text())) : value; }

Json masked(const std::optional<std::string>& text) { return text ? Json(mask_secrets(*text)) : Json(); }

/// The title and the text of the payload's one attachment.
struct Message {
  std::string title, text, color;
};

Message message_of(const Json& payload) {
  const Json& attachment = payload.at("attachments").items().front();
  return {attachment.at("title").text(), attachment.at("text").text(), attachment.at("color").text()};
}

std::string with_replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t found; (found = text.find(what, at)) != std::string_view::npos; at = found + what.size())
    out.append(text.substr(at, found - at)).append(by);
  return out.append(text.substr(at));
}

std::string for_slack(std::string_view text) {
  return with_replaced(with_replaced(with_replaced(text, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

std::string cut(std::string_view text, std::size_t max_code_points) {
  if (num_code_points(text) <= max_code_points) return std::string(text);
  return cat(prefix_code_points(text, max_code_points - 1), kEllipsis);
}

/// What a card lists beside its text.
std::vector<std::pair<std::string, std::string>> facts_of(const Json& payload) {
  std::vector<std::pair<std::string, std::string>> facts;
  for (const char* key : {"event", "run_name", "status", "model_path", "stage_name", "stage_count", "stopped_at"}) {
    const Json* value = payload.find(key);
    if (value == nullptr || value->is_null()) continue;
    facts.emplace_back(key, value->kind() == Json::Kind::text ? value->text() : dump(*value));
  }
  return facts;
}

Json slack_body(Json payload) {
  Json& attachment = payload.find("attachments")->items().front();
  for (const char* key : {"title", "text"}) attachment.set(key, for_slack(attachment.at(key).text()));
  return payload;
}

/// The container's style that comes nearest to a colour.
std::string_view teams_style(std::string_view color) {
  if (color == "#36a64f") return "good";
  if (color == "#ff0000" || color == "#cc0000") return "attention";
  if (color == "#ff9900" || color == "#f2c744") return "warning";
  return "accent";
}

Json teams_body(const Json& payload) {
  const Message message = message_of(payload);
  const auto block = [](const std::string& text) {
    return Json::object({{"type", "TextBlock"}, {"text", text}, {"wrap", true}});
  };
  Json heading = block(cut(message.title, 256));
  heading.set("weight", "Bolder").set("size", "Medium");
  Json facts = Json::array();
  for (const auto& [name, value] : facts_of(payload))
    facts.push(Json::object({{"title", name}, {"value", cut(value, 256)}}));
  const Json head = Json::object({{"type", "Container"},
                                  {"style", teams_style(message.color)},
                                  {"bleed", true},
                                  {"items", Json::array({std::move(heading)})}});
  // A single line break is a blank in a card.
  Json body =
      Json::array({head, block(cut(with_replaced(with_replaced(message.text, "\n\n", "\n"), "\n", "\n\n"), 2000)),
                   Json::object({{"type", "FactSet"}, {"facts", std::move(facts)}})});
  const Json card = Json::object({{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                                  {"type", "AdaptiveCard"},
                                  {"version", "1.4"},
                                  {"body", std::move(body)}});
  return Json::object(
      {{"type", "message"},
       {"attachments", Json::array({Json::object({{"contentType", "application/vnd.microsoft.card.adaptive"},
                                                  {"contentUrl", nullptr},
                                                  {"content", card}})})}});
}

Json discord_body(const Json& payload) {
  const Message message = message_of(payload);
  std::int64_t color = 0;
  std::from_chars(message.color.data() + 1, message.color.data() + message.color.size(), color, 16);
  Json fields = Json::array();
  for (const auto& [name, value] : facts_of(payload))
    fields.push(Json::object({{"name", name}, {"value", cut(value, 256)}, {"inline", true}}));
  return Json::object({{"embeds", Json::array({Json::object({{"title", cut(message.title, 256)},
                                                             {"description", cut(message.text, 3500)},
                                                             {"color", color},
                                                             {"fields", std::move(fields)}})})},
                       {"allowed_mentions", Json::object({{"parse", Json::array()}})}});
}

}  // namespace

std::string shown_reason(std::string_view reason) {
  return masked_and_cut(reason, kMaxReason, cat(kEllipsis, " (truncated)"));
}

std::string metric_lines(const Json& metrics) {
  std::string lines;
  for (const auto& [name, value] : metrics.members())
    if (is_measure(value)) lines += cat(lines.empty() ? "" : "\n", "\xE2\x80\xA2 ", name, ": ", four_digits(value));
  return lines;
}

Json webhook_payload(const NoticeText& notice) {
  Json metrics = Json::object();
  for (const auto& [name, value] : notice.metrics.members())
    if (is_measure(value)) metrics.set(name, value);
  Json payload = Json::object({{"event", notice.event},
                               {"run_name", mask_secrets(notice.run_name)},
                               {"status", notice.status},
                               {"metrics", std::move(metrics)},
                               {"reason", masked(notice.reason)},
                               {"model_path", masked(notice.model_path)},
                               {"attachments", Json::array({Json::object({{"title", mask_secrets(notice.title)},
                                                                          {"text", mask_secrets(notice.text)},
                                                                          {"color", notice.color}})})}});
  for (const auto& [name, value] : notice.extras.members()) payload.set(name, masked(value));
  if (notice.checkpoint) payload.set("audit_checkpoint", *notice.checkpoint);
  return payload;
}

Json webhook_body(config::WebhookFormat format, const Json& payload) {
  switch (format) {
    case config::WebhookFormat::slack: return slack_body(payload);
    case config::WebhookFormat::teams: return teams_body(payload);
    case config::WebhookFormat::discord: return discord_body(payload);
    case config::WebhookFormat::auto_:
    case config::WebhookFormat::generic: break;
  }
  return payload;
}

}  // namespace forgelm::compliance
