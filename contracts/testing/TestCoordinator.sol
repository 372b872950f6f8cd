// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

interface IRandomnessConsumer {
    function rawFulfillRandomWords(uint256 requestId, uint256[] calldata words) external;
}

/// @notice A source of randomness that answers a request with these very bytes, or fails, and gives the words it is told to.
contract TestCoordinator {
    enum Mode {
        Answer,
        Revert,
        RevertBomb,
        BurnGas,
        Reenter
    }

    error Refused();

    event Reentered(bool succeeded);

    Mode public mode;
    bytes public answer = abi.encode(1);
    bytes public callInRequest;

    function setMode(Mode next) external {
        mode = next;
    }

    /// @notice Answers requests with these bytes, as they are, from now on.
    function answerWith(bytes calldata next) external {
        answer = next;
    }

    /// @notice Makes this call to whoever asks, from now on, and tells by `Reentered` how it went.
    function reenterWith(bytes calldata call) external {
        mode = Mode.Reenter;
        callInRequest = call;
    }

    function createSubscription() external pure returns (uint256) {
        return 1;
    }

    function addConsumer(uint256, address) external pure {}

    function fulfil(IRandomnessConsumer consumer, uint256 requestId, uint256[] calldata words) external {
        consumer.rawFulfillRandomWords(requestId, words);
    }

    /// @dev The request: so its answer need not be what the interface says.
    fallback(bytes calldata) external returns (bytes memory) {
        if (mode == Mode.Revert) revert Refused();
        if (mode == Mode.RevertBomb) LowLevelCall.bubbleRevert(new bytes(100_000));
        if (mode == Mode.BurnGas) while (true) {}
        if (mode == Mode.Reenter) {
            (bool succeeded, ) = msg.sender.call(callInRequest);
            emit Reentered(succeeded);
        }
        return answer;
    }
}
