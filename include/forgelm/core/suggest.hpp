// Nearest names: what a person probably meant by a misspelt key, choice, option or subcommand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forgelm {

/// Edit distance in which swapping two neighbours counts once (optimal string alignment); case counts half of a change,
/// so the unit is half an edit.
int edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, or "" when none is near enough to be meant (more than a third of the word changed
/// and not a part of it). Ties go to the first candidate.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace forgelm
