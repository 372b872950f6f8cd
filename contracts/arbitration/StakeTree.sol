// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Weights by position, found by a point on their sum
/// @dev A tree of words, each of eight sums of 32 bits. Level 0 holds the weights themselves; the word above eight words
/// holds their sums; the root is the one word of the highest level. To find a point reads one word a level: two for 64
/// positions, four for 4,096. To set a weight writes as many.
library StakeTree {
    uint256 private constant LANES_LOG2 = 3;
    uint256 private constant LANE_BITS = 32;
    uint256 private constant LANE_MASK = type(uint32).max;

    struct Tree {
        /// Levels in use; grows with the highest position.
        uint256 levels;
        mapping(uint256 level => mapping(uint256 index => uint256 word)) words;
    }

    /// @dev The sum of all weights must fit 32 bits, see `total`.
    function set(Tree storage self, uint256 position, uint256 weight) internal {
        uint256 levels = self.levels;
        while (position >> (LANES_LOG2 * levels) > 0 || levels == 0) {
            if (levels > 0) self.words[levels][0] = _sum(self.words[levels - 1][0]);
            self.levels = ++levels;
        }
        unchecked {
            for (uint256 level = 0; level < levels; ++level) {
                uint256 shift = (position & 7) * LANE_BITS;
                position >>= LANES_LOG2;
                uint256 word = self.words[level][position];
                word = (word & ~(LANE_MASK << shift)) | (weight << shift);
                self.words[level][position] = word;
                weight = _sum(word);
            }
        }
    }

    function total(Tree storage self) internal view returns (uint256) {
        uint256 levels = self.levels;
        return levels == 0 ? 0 : _sum(self.words[levels - 1][0]);
    }

    /// @dev The position whose weight holds `point` when all are laid end to end, where that weight begins, and the weight.
    /// `point` must be below the total.
    function find(
        Tree storage self,
        uint256 point
    ) internal view returns (uint256 position, uint256 start, uint256 weight) {
        unchecked {
            for (uint256 level = self.levels; level > 0; --level) {
                uint256 word = self.words[level - 1][position];
                position <<= LANES_LOG2;
                weight = word & LANE_MASK;
                while (point >= start + weight) {
                    start += weight;
                    word >>= LANE_BITS;
                    weight = word & LANE_MASK;
                    ++position;
                }
            }
        }
    }

    function _sum(uint256 word) private pure returns (uint256 sum) {
        unchecked {
            for (; word > 0; word >>= LANE_BITS) sum += word & LANE_MASK;
        }
    }
}
