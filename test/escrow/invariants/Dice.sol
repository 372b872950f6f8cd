// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Chance that follows from a seed alone, so that a failing sequence of calls fails again.
struct Dice {
    uint256 state;
}

library Rolls {
    /// @return A number below `sides`.
    function roll(Dice memory dice, uint256 sides) internal pure returns (uint256) {
        dice.state = uint256(keccak256(abi.encode(dice.state)));
        return dice.state % sides;
    }

    function between(Dice memory dice, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + roll(dice, most - least + 1);
    }

    function oneIn(Dice memory dice, uint256 sides) internal pure returns (bool) {
        return roll(dice, sides) == 0;
    }
}

using Rolls for Dice global;
