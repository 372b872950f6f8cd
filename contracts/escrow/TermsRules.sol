// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Amounts} from "./Amounts.sol";
import {IEscrow, Terms} from "./IEscrow.sol";

/// @title What the terms of a job may say
library TermsRules {
    /// Half the type's range, so that reward and fee fit it together.
    uint256 internal constant MAX_REWARD = type(uint96).max / 2;
    /// From the time of funding.
    uint256 internal constant MAX_DEADLINE = 365 days;
    /// Of each window: work, verify, review.
    uint256 internal constant MAX_WINDOW = 30 days;
    uint256 internal constant MAX_MIN_REPUTATION = 1e18;

    /// @dev Reads every member, and so refuses bits outside a member's type, too.
    function requireSound(Terms calldata terms) internal view {
        if (terms.client == address(0)) revert IEscrow.PartyMissing("client");
        if (terms.verifier == address(0)) revert IEscrow.PartyMissing("verifier");
        if (_outside(terms.reward, 1, MAX_REWARD)) revert IEscrow.RewardOutOfRange(terms.reward, 1, MAX_REWARD);
        uint256 latest = block.timestamp + MAX_DEADLINE;
        if (_outside(terms.deadline, block.timestamp, latest)) {
            revert IEscrow.DeadlineOutOfRange(terms.deadline, block.timestamp, latest);
        }
        _requireWindows(terms);
        if (terms.backstopShareBps > Amounts.BPS) revert IEscrow.ShareOutOfRange(terms.backstopShareBps, Amounts.BPS);
        if (terms.minReputation > MAX_MIN_REPUTATION) {
            revert IEscrow.MinReputationOutOfRange(terms.minReputation, MAX_MIN_REPUTATION);
        }
        // Nothing more is asked of these; reading them is the whole check.
        (terms.worker, terms.matcher, terms.arbiter);
    }

    function _requireWindows(Terms calldata terms) private pure {
        if (_outside(terms.workWindow, 1, MAX_WINDOW)) {
            revert IEscrow.WindowOutOfRange("work", terms.workWindow, 1, MAX_WINDOW);
        }
        if (_outside(terms.verifyWindow, 1, MAX_WINDOW)) {
            revert IEscrow.WindowOutOfRange("verify", terms.verifyWindow, 1, MAX_WINDOW);
        }
        if (terms.reviewWindow > MAX_WINDOW) {
            revert IEscrow.WindowOutOfRange("review", terms.reviewWindow, 0, MAX_WINDOW);
        }
    }

    function _outside(uint256 value, uint256 min, uint256 max) private pure returns (bool) {
        return value < min || value > max;
    }
}
