#include "message_trees.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "forgelm/core/text.hpp"
#include "outcome.hpp"
#include "turns.hpp"

namespace forgelm::data {
namespace {

constexpr double kUnranked = std::numeric_limits<double>::infinity();
constexpr std::size_t kBytesPerNode = 256;  // ids, rank and the maps' share

bool is_left_out(const std::optional<Cell>& deleted, const std::optional<Cell>& review) {
  const auto flag = [](const std::optional<Cell>& cell, bool fallback) {
    if (!cell) return fallback;
    if (cell->kind() != Json::Kind::boolean) cell->fail_kind("true or false");
    return cell->value().boolean();
  };
  return flag(deleted, false) || !flag(review, true);
}

double read_rank(const std::optional<Cell>& rank) {
  if (!rank) return kUnranked;
  if (!rank->value().is_number()) rank->fail_kind("a number or null");
  return rank->value().real();
}

std::string_view read_tree_role(const Cell& role) {
  const std::string_view known = canonical_role(role.text());
  if (known != "user" && known != "assistant")
    role.fail(cat("is ", quote(role.value().text(), 60), ", which is no role of a message tree"),
              "prompter or assistant");
  return known;
}

/// The conversation along a path, cut after its last assistant message.
void accept_path(Json turns, RowOutcome& out) {
  auto& items = turns.items();
  while (!items.empty() && !is_assistant(items.back())) items.pop_back();
  if (items.empty()) {
    out.dropped_because = kNoAssistantTurn;
    return;
  }
  Sample sample;
  sample.kind = SampleKind::chat;
  sample.messages = std::move(turns);
  accept(std::move(sample), out);
}

struct Message {
  std::string id, parent;  ///< parent "": a root
  std::string text;
  std::string_view role;
  double rank = kUnranked;
  bool is_left_out = false;
  std::uint64_t row = 0;
};

struct Tree {
  std::string name;  ///< message_tree_id, "" where the rows have none
  std::vector<Message> messages;
  std::size_t num_bytes = 0;
  std::uint64_t last_touched = 0;
};

/// The outcomes of a whole tree: one for each root (normally one), and one for messages that hang on nothing.
std::vector<RowOutcome> finish_tree(const Tree& tree) {
  std::unordered_map<std::string_view, std::vector<const Message*>> replies;
  std::vector<const Message*> roots;
  for (const auto& message : tree.messages) {
    if (message.parent.empty()) roots.push_back(&message);
    else replies[message.parent].push_back(&message);
  }
  const auto is_better = [](const Message* a, const Message* b) {
    return a->rank != b->rank ? a->rank < b->rank : a->row < b->row;
  };
  std::unordered_set<const Message*> reached;
  std::vector<RowOutcome> outcomes;
  for (const Message* root : roots) {
    RowOutcome out;
    out.row = root->row;
    const std::size_t num_before = reached.size();
    std::vector<const Message*> pending = {root};
    while (!pending.empty()) {
      const Message* message = pending.back();
      pending.pop_back();
      if (!reached.insert(message).second) continue;
      if (const auto found = replies.find(message->id); found != replies.end())
        pending.insert(pending.end(), found->second.begin(), found->second.end());
    }
    out.num_rows = std::max<std::uint64_t>(1, reached.size() - num_before);
    Json turns = Json::array();
    std::unordered_set<const Message*> on_path;
    for (const Message* message = root->is_left_out ? nullptr : root; message != nullptr;) {
      on_path.insert(message);
      turns.push(make_turn(message->role, message->text));
      const Message* best = nullptr;
      if (const auto found = replies.find(message->id); found != replies.end())
        for (const Message* reply : found->second)
          if (!reply->is_left_out && !on_path.contains(reply) && (best == nullptr || is_better(reply, best)))
            best = reply;
      message = best;
    }
    if (root->is_left_out) out.dropped_because = kDeletedMessage;
    else accept_path(std::move(turns), out);
    outcomes.push_back(std::move(out));
  }
  if (reached.size() < tree.messages.size()) {
    RowOutcome out;
    out.dropped_because = kParentMissing;
    out.num_rows = tree.messages.size() - reached.size();
    for (const auto& message : tree.messages)
      if (!reached.contains(&message)) {
        out.row = message.row;
        break;
      }
    outcomes.push_back(std::move(out));
  }
  return outcomes;
}

}  // namespace

void convert_nested_tree(const RowView& row, RowOutcome& out) {
  Json turns = Json::array();
  // Cells of one level point to those of the level above: a list whose elements stay where they are.
  std::vector<std::unique_ptr<Cell>> path;
  path.push_back(std::make_unique<Cell>(row.at("prompt")));
  while (true) {
    const Cell& message = *path.back();
    constexpr std::string_view kAllowed = "a message {text, role, replies: [...]}";
    if (!message.is_object()) message.fail_kind(kAllowed);
    if (path.size() == 1 && is_left_out(message.find("deleted"), message.find("review_result"))) {
      out.dropped_because = kDeletedMessage;
      return;
    }
    const auto text = message.find("text"), role = message.find("role");
    if (!text || !role) message.fail(cat("has no ", text ? "role" : "text"), std::string(kAllowed));
    turns.push(make_turn(read_tree_role(*role), text->text()));
    auto replies = message.find("replies");
    if (!replies) break;
    if (!replies->is_list()) replies->fail_kind("a list of messages");
    path.push_back(std::make_unique<Cell>(*replies));
    const Cell& list = *path.back();
    std::optional<std::size_t> best;
    double best_rank = kUnranked;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Cell reply = list.at(i);
      if (!reply.is_object()) reply.fail_kind(kAllowed);
      if (is_left_out(reply.find("deleted"), reply.find("review_result"))) continue;
      const double rank = read_rank(reply.find("rank"));
      if (best && rank >= best_rank) continue;
      best = i;
      best_rank = rank;
    }
    if (!best) break;
    path.push_back(std::make_unique<Cell>(list.at(*best)));
  }
  accept_path(std::move(turns), out);
}

struct MessageTreeCollector::Impl {
  Impl(const RowConverter& used_converter, std::size_t limit) : converter(used_converter), max_bytes(limit) {}

  const RowConverter& converter;
  std::size_t max_bytes;
  std::size_t num_bytes = 0;
  std::uint64_t clock = 0;
  std::uint64_t next_tree = 0;
  std::unordered_map<std::uint64_t, Tree> trees;
  std::unordered_map<std::string, std::uint64_t> by_name;     ///< message_tree_id -> tree
  std::unordered_map<std::string, std::uint64_t> by_message;  ///< rows without message_tree_id: message -> its tree
  std::unordered_map<std::string, std::vector<std::uint64_t>>
      waiting;                                                 ///< parent not seen yet -> trees that hang on it
  std::unordered_map<std::uint64_t, std::uint64_t> forwarded;  ///< trees that became part of another one
  std::unordered_set<std::size_t> gone;  ///< hashes of the names of trees (or of messages) that were given out

  std::uint64_t resolve(std::uint64_t key) {
    while (true) {
      const auto found = forwarded.find(key);
      if (found == forwarded.end()) return key;
      const auto further = forwarded.find(found->second);
      if (further != forwarded.end()) found->second = further->second;
      key = found->second;
    }
  }

  Tree& tree_of(const Message& message, const std::string& name) {
    if (!name.empty()) {
      const auto [found, is_new] = by_name.try_emplace(name, next_tree);
      if (is_new) trees[next_tree++].name = name;
      return trees.at(found->second);
    }
    const auto parent = message.parent.empty() ? by_message.end() : by_message.find(message.parent);
    const std::uint64_t key = parent == by_message.end() ? next_tree++ : resolve(parent->second);
    trees.try_emplace(key);
    if (parent == by_message.end() && !message.parent.empty()) waiting[message.parent].push_back(key);
    by_message[message.id] = key;
    return trees.at(take_in_waiting(message.id, key));
  }

  /// Joins the trees that waited for message `id` with the tree that it is in; the key of the whole.
  std::uint64_t take_in_waiting(const std::string& id, std::uint64_t key) {
    const auto found = waiting.find(id);
    if (found == waiting.end()) return key;
    for (const std::uint64_t waiting_key : found->second) {
      std::uint64_t guest = resolve(waiting_key);
      if (guest == key || !trees.contains(guest)) continue;
      if (trees.at(guest).messages.size() > trees.at(key).messages.size()) std::swap(guest, key);
      Tree &host = trees.at(key), &joined = trees.at(guest);
      host.num_bytes += joined.num_bytes;
      host.messages.insert(host.messages.end(), std::make_move_iterator(joined.messages.begin()),
                           std::make_move_iterator(joined.messages.end()));
      trees.erase(guest);
      forwarded[guest] = key;
    }
    waiting.erase(found);
    return key;
  }

  void give_out(std::uint64_t key, std::vector<RowOutcome>& outcomes) {
    const auto found = trees.find(key);
    Tree& tree = found->second;
    num_bytes -= tree.num_bytes;
    if (!tree.name.empty()) {
      gone.insert(std::hash<std::string>()(tree.name));
      by_name.erase(tree.name);
    } else {
      for (const auto& message : tree.messages) {
        gone.insert(std::hash<std::string>()(message.id));
        by_message.erase(message.id);
      }
    }
    for (auto& outcome : finish_tree(tree)) outcomes.push_back(std::move(outcome));
    trees.erase(found);
  }

  /// Gives out the trees touched least recently until half of the memory is free.
  std::vector<RowOutcome> make_room() {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> by_age;
    for (const auto& [key, tree] : trees) by_age.emplace_back(tree.last_touched, key);
    std::sort(by_age.begin(), by_age.end());
    std::vector<RowOutcome> outcomes;
    for (const auto& [age, key] : by_age) {
      if (num_bytes <= max_bytes / 2) break;
      give_out(key, outcomes);
    }
    return outcomes;
  }

  Message read(const RowView& row, std::string& name) const {
    Message message;
    const auto id_text = [](const Cell& cell) {
      return cell.value().kind() == Json::Kind::integer ? dump(cell.value()) : cell.text("text or a number");
    };
    message.id = id_text(row.at("message_id"));
    if (const auto parent = row.find("parent_id")) message.parent = id_text(*parent);
    if (const auto tree = row.find("message_tree_id")) name = id_text(*tree);
    message.text = row.at("text").text();
    message.role = read_tree_role(row.at("role"));
    message.rank = read_rank(row.find("rank"));
    message.is_left_out = is_left_out(row.find("deleted"), row.find("review_result"));
    message.row = row.row().number;
    const std::string& anchor = name.empty() ? message.parent : name;
    if (!anchor.empty() && gone.contains(std::hash<std::string>()(anchor)))
      row.fail(name.empty() ? "parent_id" : "message_tree_id",
               cat("belongs to a tree that ended long before: ", quote(anchor, 60)), "",
               "put the rows of a tree next to each other");
    return message;
  }
};

MessageTreeCollector::MessageTreeCollector(const RowConverter& converter, std::size_t max_bytes)
    : impl_(new Impl(converter, max_bytes)) {}
MessageTreeCollector::~MessageTreeCollector() = default;

std::vector<RowOutcome> MessageTreeCollector::add(const formats::Row& row, std::string_view file) {
  Impl& state = *impl_;
  const RowView view(row, file, state.converter.format(), state.converter.names(), state.converter.rules());
  std::string name;
  Message message;
  try {
    message = state.read(view, name);
  } catch (const ConfigError& error) {
    if (error.diagnostics().empty()) throw;
    RowOutcome out;
    out.row = row.number;
    out.problem = error.diagnostics().front();
    std::vector<RowOutcome> outcomes;
    outcomes.push_back(std::move(out));
    return outcomes;
  }
  Tree& tree = state.tree_of(message, name);
  const std::size_t num_bytes = kBytesPerNode + message.text.size();
  tree.num_bytes += num_bytes;
  state.num_bytes += num_bytes;
  tree.last_touched = ++state.clock;
  tree.messages.push_back(std::move(message));
  return state.num_bytes > state.max_bytes ? state.make_room() : std::vector<RowOutcome>();
}

std::vector<RowOutcome> MessageTreeCollector::finish() {
  std::vector<RowOutcome> outcomes;
  while (!impl_->trees.empty()) impl_->give_out(impl_->trees.begin()->first, outcomes);
  impl_ = std::make_unique<Impl>(impl_->converter, impl_->max_bytes);
  std::stable_sort(outcomes.begin(), outcomes.end(),
                   [](const RowOutcome& a, const RowOutcome& b) { return a.row < b.row; });
  return outcomes;
}

}  // namespace forgelm::data
