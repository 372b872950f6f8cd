// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RandomWordsRequest} from "../../../contracts/arbitration/IVRFCoordinator.sol";
import {DeployedPool} from "./CourtStore.sol";

/// @notice How the coordinator takes a request.
enum Service {
    Takes,
    Reverts,
    BurnsGas,
    /// Tries to seed the draw before the request has returned.
    AnswersTooSoon
}

/// @notice Randomness that comes when it is told to: late, twice or never.
contract Coordinator {
    error OutOfService();

    Service public service;
    uint256 public requests;

    function serve(Service next) external {
        service = next;
    }

    function createSubscription() external pure returns (uint256) {
        return 1;
    }

    function addConsumer(uint256, address) external pure {}

    function requestRandomWords(RandomWordsRequest calldata) external returns (uint256 requestId) {
        if (service == Service.Reverts) revert OutOfService();
        if (service == Service.BurnsGas) assert(gasleft() == 0);
        requestId = ++requests;
        if (service == Service.AnswersTooSoon) answer(DeployedPool(msg.sender), requestId, 1);
    }

    function answer(DeployedPool pool, uint256 requestId, uint256 word) public {
        uint256[] memory words = new uint256[](1);
        words[0] = word;
        pool.rawFulfillRandomWords(requestId, words);
    }
}
